// The one door between Python and the sampler: numbers in, rows of facts out.

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "layout.h"
#include "remote_memory.h"
#include "sampler.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using gilprof::Layout;

template <typename Row>
nb::bytes rows(const std::vector<Row>& values) {
    return nb::bytes(values.data(), values.size() * sizeof(Row));
}

// From the fields of gilprof.target.layout.Layout, by name.
Layout to_layout(const nb::object& fields) {
    Layout out;
    const auto get = [&]<typename T>(const char* name, T& value) {
        value = nb::cast<T>(fields.attr(name));
    };
#define GILPROF_FIELD(name) get(#name, out.name)
    GILPROF_FIELD(interpreter_address);
    GILPROF_FIELD(interpreter_next);
    GILPROF_FIELD(interpreter_threads_head);
    GILPROF_FIELD(interpreter_gc_collecting);
    GILPROF_FIELD(interpreter_drop_request);
    GILPROF_FIELD(gil_address);
    GILPROF_FIELD(gil_size);
    GILPROF_FIELD(gil_last_holder);
    GILPROF_FIELD(gil_locked);
    GILPROF_FIELD(gil_switch_number);
    GILPROF_FIELD(gil_cond);
    GILPROF_FIELD(gil_mutex);
    GILPROF_FIELD(gil_switch_cond);
    GILPROF_FIELD(gil_switch_mutex);
    GILPROF_FIELD(thread_size);
    GILPROF_FIELD(thread_next);
    GILPROF_FIELD(thread_ident);
    GILPROF_FIELD(thread_native_id);
    GILPROF_FIELD(thread_eval_breaker);
    GILPROF_FIELD(thread_frame);
    GILPROF_FIELD(thread_frame_indirect);
    GILPROF_FIELD(frame_size);
    GILPROF_FIELD(frame_code);
    GILPROF_FIELD(frame_code_mask);
    GILPROF_FIELD(frame_previous);
    GILPROF_FIELD(frame_instruction);
    GILPROF_FIELD(frame_owner);
    GILPROF_FIELD(frame_first_shim_owner);
    GILPROF_FIELD(code_type_address);
    GILPROF_FIELD(object_type);
    GILPROF_FIELD(code_size);
    GILPROF_FIELD(code_filename);
    GILPROF_FIELD(code_qualname);
    GILPROF_FIELD(code_flags);
    GILPROF_FIELD(code_first_line);
    GILPROF_FIELD(code_line_table);
    GILPROF_FIELD(code_bytecode);
    GILPROF_FIELD(bytes_size);
    GILPROF_FIELD(bytes_data);
    GILPROF_FIELD(unicode_length);
    GILPROF_FIELD(unicode_state);
    GILPROF_FIELD(unicode_kind_shift);
    GILPROF_FIELD(unicode_ascii_data);
    GILPROF_FIELD(unicode_compact_data);
#undef GILPROF_FIELD
    for (nb::handle opcode : nb::cast<nb::tuple>(fields.attr("eval_check_opcodes")))
        out.eval_check.at(nb::cast<std::size_t>(opcode)) = true;
    if (!out.consistent()) throw std::invalid_argument("the layout's offsets are out of bounds");
    return out;
}

class BoundSampler {
  public:
    BoundSampler(pid_t pid, const nb::object& layout, double rate_hz,
                 const std::string& cgroup_events, bool follows)
        : sampler_(pid, to_layout(layout), rate_hz, follows, cgroup_events,
                   [pid] { return std::make_unique<gilprof::ProcessMemory>(pid); }) {}

    void start() { sampler_.start(); }

    pid_t tid() const { return sampler_.tid(); }

    void stop() {
        nb::gil_scoped_release released;
        sampler_.stop();
    }

    nb::dict drain() {
        const gilprof::Delivery taken = sampler_.take();
        nb::list functions;
        for (const auto& function : taken.definitions.functions)
            functions.append(nb::make_tuple(nb::bytes(function.name.data(), function.name.size()),
                                            nb::bytes(function.file.data(), function.file.size()),
                                            function.first_line, function.flags));
        nb::list begun;
        for (const auto& thread : taken.definitions.begun)
            begun.append(nb::make_tuple(thread.id, thread.tid, thread.ident));
        nb::list ended;
        for (const auto& thread : taken.definitions.ended)
            ended.append(nb::make_tuple(thread.id, thread.t_ns));
        nb::dict out;
        out["passes"] = rows(taken.passes);
        out["looks"] = rows(taken.looks);
        out["frames"] = rows(taken.definitions.frames);
        out["stacks"] = rows(taken.definitions.stacks);
        out["functions"] = functions;
        out["begun"] = begun;
        out["ended"] = ended;
        out["lost"] = taken.lost;
        out["failure"] = taken.failure;
        nb::dict health;
        health["passes"] = taken.health.passes;
        health["torn"] = taken.health.torn;
        health["dropped"] = taken.health.dropped;
        health["read_errors"] = taken.health.read_errors;
        health["truncated_stacks"] = taken.health.truncated_stacks;
        health["interpreters"] = taken.health.interpreters;
        health["short_slice"] = taken.health.short_slice;
        const double limited_hz = taken.health.limited_hz;
        health["limited_hz"] = limited_hz > 0.0 ? nb::cast(limited_hz) : nb::none();
        health["sampler_cpu_ns"] = sampler_.cpu_ns();
        out["health"] = health;
        return out;
    }

  private:
    gilprof::Sampler sampler_;
};

}  // namespace

NB_MODULE(_native, module) {
    nb::class_<BoundSampler>(module, "Sampler")
        .def(nb::init<pid_t, const nb::object&, double, const std::string&, bool>(), "pid"_a,
             "layout"_a, "rate_hz"_a, "cgroup_events"_a, "follows"_a = false)
        .def("start", &BoundSampler::start)
        .def_prop_ro("tid", &BoundSampler::tid)
        .def("stop", &BoundSampler::stop)
        .def("drain", &BoundSampler::drain);
}
