// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/outline.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"

#include <cstdlib>
#include <new>

namespace mrg {

namespace {

constexpr size_t alignment = 64;

Error elementsNeeded(const char *what)
{
    return {ErrorCategory::State, "elements_needed", what, "shapes and types",
            "the elements of the tensors"};
}

/// Lets no kernel run. Memory is real, in case something looks at it on the way, but the system
/// gives pages of zeros to what is touched only.
class SilentRecorder final : public LaunchRecorder {
public:
    bool runsKernels() const override { return false; }
    void add(std::function<void()>) override { }
    void addPointwise(int64_t, std::function<void(int64_t, int64_t)>) override { }
    void refuse(const char *what) override { throw elementsNeeded(what); }
    std::shared_ptr<std::byte> allocate(size_t bytes) override
    {
        void *block = bytes < SIZE_MAX - alignment ? std::calloc(bytes + alignment, 1) : nullptr;
        if (!block)
            throw std::bad_alloc();
        const auto address = reinterpret_cast<uintptr_t>(block);
        const uintptr_t aligned = (address + alignment - 1) / alignment * alignment;
        return {static_cast<std::byte *>(block) + (aligned - address),
                [block](std::byte *) { std::free(block); }};
    }
};

} // namespace

Result<TensorOutlines>
outlineOfCall(FunctionRef<std::vector<Tensor>(std::span<const Tensor> inputs)> call,
              const TensorOutlines &inputs)
{
    SilentRecorder recorder;
    const RecordLaunches silent(&recorder);
    const GradMode off(false);
    try {
        std::vector<Tensor> tensors;
        for (const std::optional<TensorOutline> &input : inputs)
            tensors.push_back(input ? Tensor::empty(input->shape, input->dtype) : Tensor());
        TensorOutlines out;
        for (const Tensor &tensor : call(tensors)) {
            out.push_back(tensor.defined()
                                  ? std::optional(TensorOutline{tensor.shape(), tensor.dtype()})
                                  : std::nullopt);
        }
        return out;
    } catch (const Error &error) {
        return error;
    } catch (const std::bad_alloc &) {
        return elementsNeeded("memory");
    }
}

} // namespace mrg
