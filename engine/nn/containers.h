// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"
#include "engine/nn/entries.h"

namespace mrg {

class Registry;
using ModulePointer = std::shared_ptr<Module>;

/// A module that holds others and can't be called itself: throws Error (value, `forward_missing`).
class UncallableModule : public Module {
public:
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override;
};

/// torch.nn.Sequential: modules run one after the other.
///
/// **Errors**: value `several_outputs` if a module that gives several tensors is followed by
/// another.
class Sequential : public Module, public ListEntries<ModulePointer> {
public:
    struct Options {
        ModuleMembers modules;
    };
    Sequential(Options options, const Registry &registry);
    explicit Sequential(const std::vector<ModulePointer> &members = {});
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override;
    Pairs entries() const override { return ownChildren(); }

protected:
    void setEntries(Pairs pairs) override { setOwnChildren(std::move(pairs)); }
};

/// torch.nn.ModuleList.
class ModuleList : public UncallableModule, public ListEntries<ModulePointer> {
public:
    struct Options {
        std::optional<std::vector<ModuleDescription>> modules;
    };
    ModuleList(Options options, const Registry &registry);
    explicit ModuleList(const std::vector<ModulePointer> &members = {});
    Pairs entries() const override { return ownChildren(); }

protected:
    void setEntries(Pairs pairs) override { setOwnChildren(std::move(pairs)); }
};

/// torch.nn.ModuleDict.
class ModuleDict : public UncallableModule, public DictEntries<ModulePointer> {
public:
    struct Options {
        std::optional<ModuleMembers> modules;
    };
    ModuleDict(Options options, const Registry &registry);
    explicit ModuleDict(const Pairs &members = {});
    Pairs entries() const override { return ownChildren(); }

protected:
    void setEntries(Pairs pairs) override { setOwnChildren(std::move(pairs)); }
};

/// torch.nn.ParameterList: tensors become parameters.
class ParameterList : public UncallableModule, public ListEntries<Tensor> {
public:
    struct Options {
        std::optional<std::vector<Tensor>> values;
    };
    explicit ParameterList(const Options &options);
    explicit ParameterList(const std::vector<Tensor> &values = {});
    Pairs entries() const override { return ownParameters(); }

protected:
    void setEntries(Pairs pairs) override;
};

/// torch.nn.ParameterDict: the same by key.
class ParameterDict : public UncallableModule, public DictEntries<Tensor> {
public:
    struct Options {
        std::optional<NamedTensors> parameters;
    };
    explicit ParameterDict(const Options &options);
    explicit ParameterDict(const NamedTensors &parameters = {});
    Pairs entries() const override { return ownParameters(); }

protected:
    void setEntries(Pairs pairs) override;
};

} // namespace mrg
