// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors of nested lists: their shapes and types, and lists that make no tensor.
#include "engine/ops/creation.h"
#include "tests/engine/error_kind.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

using namespace mrg;
using namespace mrg::test;

namespace {

/// Nested lists that hold the numbers of a tensor in order.
Value nested(const Numbers &numbers, Place at = {})
{
    if (at.size() == numbers.shape.size()) {
        const Complex number = numbers.at(at);
        return number.imag() == 0 ? Value(number.real()) : Value(number);
    }
    ValueList out;
    const int64_t size = numbers.shape[at.size()];
    at.push_back(0);
    for (; at.back() < size; ++at.back())
        out.push_back(nested(numbers, at));
    return out;
}

} // namespace

class TestCreation : public QObject {
    Q_OBJECT

private slots:
    void listsOfNumbersAreTensors_data() { addTypes(); }
    void listsOfNumbersAreTensors()
    {
        const DType dtype = fetchType();
        RandomStream random(173, fetchStream());
        for (int round = 0; round < 50; ++round) {
            Shape shape = randomShape(random, random.below(4));
            // What comes behind a size of 0 can't be told from a list.
            const auto zero = std::find(shape.begin(), shape.end(), 0);
            shape.erase(zero == shape.end() ? zero : zero + 1, shape.end());
            const Numbers numbers(randomNumbers(random, shape, dtype));
            const std::string wrong
                    = differenceOf(tensorOf(nested(numbers), dtype), numbers, dtype);
            QVERIFY2(wrong.empty(), wrong.c_str());
        }
    }

    void theTypeIsThatOfTheNumbers()
    {
        QCOMPARE(tensorOf(ValueList{true, false}, {}).dtype(), DType::Bool);
        QCOMPARE(tensorOf(ValueList{true, 2}, {}).dtype(), DType::Int64);
        QCOMPARE(tensorOf(ValueList{1, 2.5}, {}).dtype(), DType::Float32);
        QCOMPARE(tensorOf(ValueList{1, Complex(0, 1)}, {}).dtype(), DType::Complex64);
        QCOMPARE(tensorOf(ValueList{}, {}).dtype(), DType::Float32);
        QCOMPARE(tensorOf(ValueList{int64_t{1} << 60}, {}).toVector<int64_t>()[0],
                 int64_t{1} << 60);
    }

    void raggedListsAreRefused_data()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; i < static_cast<int>(ragged().size()); ++i)
            QTest::newRow(ragged()[static_cast<size_t>(i)].toString().c_str()) << i;
    }
    void raggedListsAreRefused()
    {
        QFETCH(int, index);
        const Value list = ragged()[static_cast<size_t>(index)];
        QCOMPARE(errorKind([&] { tensorOf(list, {}); }), std::string("ragged_list"));
    }

private:
    static std::vector<Value> ragged()
    {
        return {ValueList{ValueList{1, 2}, ValueList{3}},
                ValueList{1, ValueList{2}},
                ValueList{ValueList{1}, 2},
                ValueList{ValueList{}, 3},
                ValueList{ValueList{}, ValueList{1}},
                ValueList{ValueList{ValueList{1}}, ValueList{1}}};
    }
};

QTEST_APPLESS_MAIN(TestCreation)
#include "tst_creation.moc"
