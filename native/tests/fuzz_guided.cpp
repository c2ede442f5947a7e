// The door for libFuzzer (clang), which finds inputs that reach new code:
//
//   cmake -S native -B build/guided -DCMAKE_CXX_COMPILER=clang++ -DGILPROF_FUZZ_GUIDED=ON
//   cmake --build build/guided && build/guided/core_fuzz native/tests/corpus

#include <cstddef>
#include <cstdint>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    gilprof::test::FuzzCount count;
    gilprof::test::run_input(std::vector<std::uint8_t>(data, data + size), count);
    return 0;
}
