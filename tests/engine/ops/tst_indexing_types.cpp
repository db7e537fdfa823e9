// SPDX-License-Identifier: GPL-3.0-or-later
// x[indices] and x[indices] = values of every type, with indices of all kinds mixed at random,
// against loops.
#include "engine/ops/indexing.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

#include <numeric>
#include <set>

using namespace mrg;
using namespace mrg::test;

namespace {

/// What one dimension of the source is read at.
struct Axis {
    std::vector<int64_t> entries;
    int64_t along = -1; ///< the dimension of the result that chooses among them; -1: there is one
    std::optional<Numbers> chosen; ///< in their place: an entry for each place of what is common
};

struct Problem {
    Tensor source;
    std::vector<Index> indices;
    std::vector<Axis> axes;
    Shape shape; ///< of the result
    Shape common; ///< that the tensors of entries broadcast to
    int64_t commonAt = 0; ///< where it stands in the result
};

/// A shape that broadcasts to this one.
Shape partOf(RandomStream &random, const Shape &shape)
{
    Shape out(shape.begin() + random.below(static_cast<int64_t>(shape.size()) + 1), shape.end());
    for (int64_t &size : out)
        size = random.below(3) == 0 ? 1 : size;
    return out;
}

/// Adds to the common shape what a tensor of this shape makes of it.
void broadcast(Shape &common, const Shape &shape)
{
    while (common.size() < shape.size())
        common.insert(common.begin(), 1);
    for (size_t d = 0; d < shape.size(); ++d) {
        int64_t &size = common[common.size() - shape.size() + d];
        size = size == 1 ? shape[d] : size;
    }
}

/// The place of a broadcast tensor that is shown at a place of a larger one.
Place shownAt(const Shape &shape, const Place &place)
{
    Place out(place.end() - static_cast<std::ptrdiff_t>(shape.size()), place.end());
    for (size_t d = 0; d < shape.size(); ++d)
        out[d] = shape[d] == 1 ? 0 : out[d];
    return out;
}

/// Builds a problem from left to right, as its indices are written.
class Drawing {
public:
    Drawing(RandomStream &random, DType dtype, int64_t dims) : m_random(random)
    {
        const Shape shape = randomShape(random, dims);
        m_problem.source = laidOut(random, randomNumbers(random, shape, dtype));
        for (int64_t d = random.below(3); d > 0; --d)
            m_wished.push_back(random.below(8) == 0 ? 0 : 1 + random.below(3));
    }

    Problem finished()
    {
        const Shape shape = m_problem.source.shape();
        bool ellipsis = false;
        size_t d = 0;
        while (d < shape.size()) {
            if (m_random.below(6) == 0)
                newAxis();
            if (!ellipsis && m_random.below(6) == 0) {
                ellipsis = true;
                m_problem.indices.emplace_back(Ellipsis{});
                for (int64_t left = m_random.below(3); left > 0 && d < shape.size(); --left)
                    whole(shape[d++]);
                continue;
            }
            // All that follows an ellipsis has an index; otherwise the rest is shown whole.
            if (!ellipsis && m_random.below(6) == 0)
                break;
            d += indexed(shape, d);
        }
        for (; d < shape.size(); ++d)
            whole(shape[d]);
        if (!ellipsis && m_random.below(4) == 0)
            m_problem.indices.emplace_back(Ellipsis{});
        placeCommon();
        return m_problem;
    }

private:
    void newAxis()
    {
        m_problem.indices.emplace_back(NewAxis{});
        m_parts.push_back(1);
    }
    void whole(int64_t size)
    {
        std::vector<int64_t> all(static_cast<size_t>(size));
        std::iota(all.begin(), all.end(), 0);
        along(std::move(all));
    }
    void along(std::vector<int64_t> entries)
    {
        m_parts.push_back(static_cast<int64_t>(entries.size()));
        m_problem.axes.push_back(
                {std::move(entries), static_cast<int64_t>(m_parts.size()) - 1, {}});
    }
    void chosen(Numbers entries)
    {
        broadcast(m_problem.common, entries.shape);
        m_problem.axes.push_back({{}, -1, std::move(entries)});
        m_advanced.push_back(m_parts.size());
    }

    /// Adds an index for dimension `d`, or a mask for several; gives how many.
    size_t indexed(const Shape &shape, size_t d)
    {
        const int64_t size = shape[d];
        switch (m_random.below(5)) {
        case 0: // an entry
            if (size == 0)
                break;
            m_problem.axes.push_back({{m_random.below(size)}, -1, {}});
            m_problem.indices.emplace_back(eitherSign(m_problem.axes.back().entries[0], size));
            return 1;
        case 1: // entries
            if (size == 0)
                break;
            tensor(size);
            return 1;
        case 2: // a mask
            if (const size_t count = mask(shape, d))
                return count;
            break;
        default: break;
        }
        slice(size);
        return 1;
    }

    int64_t eitherSign(int64_t entry, int64_t size)
    {
        return m_random.below(2) == 0 ? entry : entry - size;
    }

    void tensor(int64_t size)
    {
        const Shape shape = partOf(m_random, m_wished);
        std::vector<int64_t> written;
        Numbers entries(shape);
        for (Complex &entry : entries.values) {
            entry = static_cast<double>(m_random.below(size));
            written.push_back(eitherSign(static_cast<int64_t>(entry.real()), size));
        }
        m_problem.indices.emplace_back(laidOut(m_random, Tensor::fromVector(written, shape)));
        chosen(std::move(entries));
    }

    /// With as many places as the last common size; 0 if there are too few of them.
    size_t mask(const Shape &shape, size_t d)
    {
        if (m_wished.empty())
            return 0;
        const auto count = static_cast<size_t>(
                1 + m_random.below(static_cast<int64_t>(std::min<size_t>(2, shape.size() - d))));
        const Shape covered(shape.begin() + static_cast<std::ptrdiff_t>(d),
                            shape.begin() + static_cast<std::ptrdiff_t>(d + count));
        const int64_t places = numel(covered);
        if (places < m_wished.back())
            return 0;
        std::vector<bool> flags(static_cast<size_t>(places), false);
        const std::vector<int64_t> order = m_random.permutation(places);
        for (int64_t i = 0; i < m_wished.back(); ++i)
            flags[static_cast<size_t>(order[static_cast<size_t>(i)])] = true;
        std::vector<Numbers> entries(count, Numbers(Shape{m_wished.back()}));
        size_t found = 0;
        size_t at = 0;
        forEachPlace(covered, [&](const Place &place) {
            if (!flags[at++])
                return;
            for (size_t k = 0; k < count; ++k)
                entries[k].values[found] = static_cast<double>(place[k]);
            ++found;
        });
        m_problem.indices.emplace_back(laidOut(m_random, Tensor::fromVector(flags, covered)));
        for (Numbers &one : entries)
            chosen(std::move(one));
        return count;
    }

    void slice(int64_t size)
    {
        Slice slice;
        if (m_random.below(2) == 0)
            slice.start = m_random.below(2 * size + 3) - size - 1;
        if (m_random.below(2) == 0)
            slice.end = m_random.below(2 * size + 3) - size - 1;
        slice.step = 1 + m_random.below(3);
        const auto bounded = [size](int64_t at) {
            return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size);
        };
        std::vector<int64_t> entries;
        for (int64_t i = bounded(slice.start.value_or(0)); i < bounded(slice.end.value_or(size));
             i += slice.step)
            entries.push_back(i);
        m_problem.indices.emplace_back(slice);
        along(std::move(entries));
    }

    /// Side by side, tensors of entries put the common dimensions in their own place; else in
    /// front.
    void placeCommon()
    {
        m_problem.shape = m_parts;
        if (m_advanced.empty()) {
            m_problem.commonAt = 0;
            return;
        }
        const bool together = m_advanced.front() == m_advanced.back();
        m_problem.commonAt = together ? static_cast<int64_t>(m_advanced.front()) : 0;
        m_problem.shape.insert(m_problem.shape.begin() + m_problem.commonAt,
                               m_problem.common.begin(), m_problem.common.end());
        for (Axis &axis : m_problem.axes) {
            if (axis.along >= m_problem.commonAt)
                axis.along += static_cast<int64_t>(m_problem.common.size());
        }
    }

    RandomStream &m_random;
    Problem m_problem;
    Shape m_wished; ///< what the tensors of entries are to broadcast to
    Shape m_parts; ///< the result's dimensions without the common ones
    std::vector<size_t> m_advanced; ///< before which of them each tensor of entries stands
};

Problem draw(RandomStream &random, DType dtype)
{
    return Drawing(random, dtype, random.below(5)).finished();
}

/// The place of the source that stands at a place of the result.
Place sourcePlace(const Problem &problem, const Place &at)
{
    const Place common(at.begin() + problem.commonAt,
                       at.begin() + problem.commonAt
                               + static_cast<std::ptrdiff_t>(problem.common.size()));
    Place out;
    for (const Axis &axis : problem.axes) {
        if (axis.chosen) {
            const Complex entry = axis.chosen->at(shownAt(axis.chosen->shape, common));
            out.push_back(static_cast<int64_t>(entry.real()));
        } else {
            out.push_back(
                    axis.entries[axis.along < 0 ? 0
                                                : static_cast<size_t>(
                                                        at[static_cast<size_t>(axis.along)])]);
        }
    }
    return out;
}

bool isView(const Problem &problem)
{
    return std::none_of(problem.axes.begin(), problem.axes.end(),
                        [](const Axis &axis) { return axis.chosen.has_value(); });
}

} // namespace

class TestIndexingTypes : public QObject {
    Q_OBJECT

private slots:
    void readsWhatALoopReads_data() { addTypes(); }
    void readsWhatALoopReads()
    {
        const DType dtype = fetchType();
        RandomStream random(71, fetchStream());
        int several = 0;
        for (int round = 0; round < 600; ++round) {
            const Problem problem = draw(random, dtype);
            const Numbers source(problem.source);
            Numbers wanted(problem.shape);
            forEachPlace(problem.shape, [&](const Place &at) {
                wanted.at(at) = source.at(sourcePlace(problem, at));
            });
            for (const Tensor &x : {problem.source, problem.source.copy()}) {
                const Tensor got = index(x, problem.indices);
                const std::string wrong = differenceOf(got, wanted, dtype);
                QVERIFY2(wrong.empty(), (wrong + "\nof " + x.toString()).c_str());
                if (got.numel() > 0)
                    QCOMPARE(got.sharesStorageWith(x), isView(problem));
            }
            several += std::count_if(problem.axes.begin(), problem.axes.end(),
                                     [](const Axis &axis) { return axis.chosen.has_value(); })
                    > 1;
        }
        QVERIFY(several > 30);
    }

    void writesWhereItReads_data() { addTypes(); }
    void writesWhereItReads()
    {
        const DType dtype = fetchType();
        RandomStream random(73, fetchStream());
        for (int round = 0; round < 600; ++round) {
            const Problem problem = draw(random, dtype);
            const Tensor values = randomView(random, partOf(random, problem.shape), dtype);
            const Numbers given(values);
            Numbers wanted(problem.source);
            Numbers added(problem.source);
            std::set<Place> written;
            bool repeated = false;
            forEachPlace(problem.shape, [&](const Place &at) {
                const Place target = sourcePlace(problem, at);
                const Complex value = given.at(shownAt(values.shape(), at));
                repeated |= !written.insert(target).second;
                wanted.at(target) = value;
                added.at(target) += value;
            });
            std::string wrong = differenceOf(
                    withIndexed(problem.source, problem.indices, values, true), added, dtype);
            // Which of several values stays is nobody's promise.
            if (!repeated && wrong.empty())
                wrong = differenceOf(withIndexed(problem.source, problem.indices, values), wanted,
                                     dtype);
            Tensor changed = problem.source;
            assignIndexed(changed, problem.indices, values);
            if (!repeated && wrong.empty())
                wrong = differenceOf(problem.source, wanted, dtype);
            QVERIFY2(wrong.empty(), wrong.c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestIndexingTypes)
#include "tst_indexing_types.moc"
