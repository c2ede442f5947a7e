#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <string>
#include <thread>

namespace gilprof::test {

// A thread of this process that sleeps until it is ended: looks are only taken of tids that the
// kernel knows.
class LiveThread {
  public:
    LiveThread() {
        std::promise<pid_t> tid;
        std::future<pid_t> known = tid.get_future();
        thread_ = std::thread([&tid, over = over_.get_future()] {
            tid.set_value(static_cast<pid_t>(::syscall(SYS_gettid)));
            over.wait();
        });
        tid_ = known.get();
    }
    ~LiveThread() {
        over_.set_value();
        thread_.join();
        // The kernel wakes who joins before it forgets the thread.
        const std::string task = "/proc/self/task/" + std::to_string(tid_);
        while (std::filesystem::exists(task)) std::this_thread::yield();
    }
    LiveThread(const LiveThread&) = delete;
    LiveThread& operator=(const LiveThread&) = delete;

    pid_t tid() const { return tid_; }

  private:
    std::promise<void> over_;
    std::thread thread_;
    pid_t tid_ = 0;
};

}  // namespace gilprof::test
