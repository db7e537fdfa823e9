// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Error.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mrg {

/// Named entries in the order of their insertion: what containers of modules and of parameters
/// share.
template <typename T> class Entries {
public:
    using Pairs = std::vector<std::pair<std::string, T>>;
    virtual ~Entries() = default;

    /// Key and value pairs (items in PyTorch).
    virtual Pairs entries() const = 0;
    std::vector<std::string> keys() const
    {
        std::vector<std::string> out;
        for (const auto &[key, value] : entries())
            out.push_back(key);
        return out;
    }
    std::vector<T> values() const
    {
        std::vector<T> out;
        for (const auto &[key, value] : entries())
            out.push_back(value);
        return out;
    }
    int64_t size() const { return static_cast<int64_t>(entries().size()); }
    bool has(const std::string &key) const
    {
        const Pairs pairs = entries();
        return std::any_of(pairs.begin(), pairs.end(),
                           [&](const auto &pair) { return pair.first == key; });
    }
    void clear() { setEntries({}); }

protected:
    virtual void setEntries(Pairs pairs) = 0;
};

/// Entries by number, as a Python list has them; negative ones count from the end.
/// **Errors**: index `index_out_of_range`.
template <typename T> class ListEntries : public Entries<T> {
public:
    T get(int64_t index) const { return this->entries()[position(index)].second; }
    void set(int64_t index, T value)
    {
        std::vector<T> all = this->values();
        all[position(index)] = std::move(value);
        renumber(std::move(all));
    }
    void append(T value) { insert(this->size(), std::move(value)); }
    void extend(const std::vector<T> &values)
    {
        for (const T &value : values)
            append(value);
    }
    /// Before entry `index`; beyond the ends at the ends.
    void insert(int64_t index, T value)
    {
        std::vector<T> all = this->values();
        const int64_t count = this->size();
        const int64_t at = std::clamp<int64_t>(index < 0 ? index + count : index, 0, count);
        all.insert(all.begin() + at, std::move(value));
        renumber(std::move(all));
    }
    /// Takes an entry out and returns it.
    T pop(int64_t index = -1)
    {
        std::vector<T> all = this->values();
        const auto at = all.begin() + static_cast<std::ptrdiff_t>(position(index));
        T out = *at;
        all.erase(at);
        renumber(std::move(all));
        return out;
    }

    /// Iterates over a copy of the values.
    struct Range {
        std::vector<T> items;
        auto begin() const { return items.begin(); }
        auto end() const { return items.end(); }
    };
    Range each() const { return {this->values()}; }

private:
    size_t position(int64_t index) const
    {
        const int64_t count = this->size();
        const int64_t at = index < 0 ? index + count : index;
        if (at < 0 || at >= count) {
            throw Error(ErrorCategory::Index, "index_out_of_range", "", std::to_string(index),
                        "within " + std::to_string(count) + " entries");
        }
        return static_cast<size_t>(at);
    }
    void renumber(std::vector<T> values)
    {
        typename Entries<T>::Pairs pairs;
        for (T &value : values)
            pairs.emplace_back(std::to_string(pairs.size()), std::move(value));
        this->setEntries(std::move(pairs));
    }
};

/// Entries by key, as a Python dict has them.
/// **Errors**: value `no_such_key`.
template <typename T> class DictEntries : public Entries<T> {
public:
    T get(const std::string &key) const { return this->entries()[position(key)].second; }
    /// Adds an entry, or replaces that of the key, which keeps its place.
    void set(const std::string &key, T value)
    {
        typename Entries<T>::Pairs pairs = this->entries();
        if (this->has(key))
            pairs[position(key)].second = std::move(value);
        else
            pairs.emplace_back(key, std::move(value));
        this->setEntries(std::move(pairs));
    }
    void update(const typename Entries<T>::Pairs &pairs)
    {
        for (const auto &[key, value] : pairs)
            set(key, value);
    }
    /// Takes an entry out and returns it.
    T pop(const std::string &key)
    {
        typename Entries<T>::Pairs pairs = this->entries();
        const auto at = pairs.begin() + static_cast<std::ptrdiff_t>(position(key));
        T out = at->second;
        pairs.erase(at);
        this->setEntries(std::move(pairs));
        return out;
    }
    void remove(const std::string &key) { pop(key); }

private:
    size_t position(const std::string &key) const
    {
        const std::vector<std::string> all = this->keys();
        const auto found = std::find(all.begin(), all.end(), key);
        if (found == all.end())
            throw Error(ErrorCategory::Value, "no_such_key", "", "'" + key + "'",
                        "a key of the container");
        return static_cast<size_t>(found - all.begin());
    }
};

} // namespace mrg
