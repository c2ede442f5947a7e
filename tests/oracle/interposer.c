// Exact account of CPython's GIL, kept from inside by interposing the pthread calls of take_gil and
// drop_gil.
//
// Preloaded (LD_PRELOAD) into a target, it sees every call on the GIL's own mutexes and condition
// variables, tells them from all others by address, and keeps for every thread what it was doing
// from when to when, in a mapped file that tests/oracle/reader.py reads at any moment. CPython 3.11
// to 3.15, default builds, x86-64 glibc; the main interpreter's GIL only.
//
// take_gil (Python/ceval_gil.c; ceval_gil.h in 3.11):
//   lock(mutex)             contended: REQUEST begins
//   timedwait(cond, mutex)  as long as it is locked
//   lock(switch_mutex)
//   locked = 1
//   signal(switch_cond)     HELD begins
//   unlock(switch_mutex)
//   unlock(mutex)
//
// drop_gil:
//   lock(mutex)
//   locked = 0
//   signal(cond)            HELD ends; with threads in REQUEST, DROP begins, else OFF
//   unlock(mutex)           DROP ends, OFF begins
//   if a drop was requested:
//   lock(switch_mutex)      what was OFF since the drop is FORCED
//   wait(switch_cond, switch_mutex)
//   unlock(switch_mutex)    FORCED ends, OFF begins
//
// An uncontended take or drop has no state of its own: its time belongs to the call around it.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// The mapped file; layout.py has the same.
enum state { OFF, HELD, REQUEST, DROP, FORCED, ENDED, STATES = ENDED };

// When the thread came into the state: CLOCK_MONOTONIC, and the CPU time that it had used.
struct event {
    uint64_t t_ns, cpu_ns;
    uint64_t state;
};

struct thread {
    _Atomic uint32_t sequence;  // odd while the owner writes
    uint32_t tid;
    uint64_t state, since_ns, cpu_since_ns;
    uint64_t ns[STATES], cpu_ns[STATES], entries[STATES];  // of completed stays, by state
    uint64_t events, events_lost;
    uint64_t reserved[11];
};
_Static_assert(sizeof(struct thread) == 256, "layout.py counts on it");

struct header {
    char magic[8];
    uint32_t slots, capacity;  // threads, events of each: set before the target starts
    _Atomic uint32_t threads, threads_lost;
    uint64_t gil_address;
    uint32_t cpu_time;  // whether to stamp CPU time: a system call for each change
};
enum { HEADER_SIZE = 4096 };

// struct _gil_runtime_state, the same in every default build on x86-64.
enum { GIL_LOCKED = 16, GIL_COND = 32, GIL_MUTEX = 80 };
enum { GIL_SWITCH_COND = 120, GIL_SWITCH_MUTEX = 168 };

static struct header* shared;  // NULL: not in a Python that we account for
static struct thread* slots;
static struct event* event_table;
static char* runtime;
static unsigned long version;  // PY_VERSION_HEX >> 16
static char* _Atomic gil;      // NULL until the runtime has made it
static atomic_int waiters;     // threads in REQUEST
static pthread_key_t end_key;  // its destructor runs when a thread ends

static _Thread_local struct thread* me;
static _Thread_local struct thread unlisted;  // stands in for the slot that was not to be had
static _Thread_local bool holding, taking;

static int (*real_lock)(pthread_mutex_t*);
static int (*real_trylock)(pthread_mutex_t*);
static int (*real_unlock)(pthread_mutex_t*);
static int (*real_signal)(pthread_cond_t*);

static void* next_definition(const char* name) {
    void* function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

// Other libraries' constructors may lock before ours has run.
static void resolve(void) {
    real_trylock = next_definition("pthread_mutex_trylock");
    real_unlock = next_definition("pthread_mutex_unlock");
    real_signal = next_definition("pthread_cond_signal");
    real_lock = next_definition("pthread_mutex_lock");
}

static uint64_t clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t cpu_ns(void) { return shared->cpu_time ? clock_ns(CLOCK_THREAD_CPUTIME_ID) : 0; }

static char* pointer_at(const char* address) {
    char* value;
    memcpy(&value, address, sizeof value);
    return value;
}

// 3.11: embedded in _PyRuntime. 3.12 on: behind a pointer in the main interpreter;
// _PyRuntime.interpreters is {head, main} after an optional mutex, and from 3.13 on
// _Py_DebugOffsets, _PyRuntime's first member, says where.
static char* find_gil(void) {
    if (version == 0x030b) return runtime + 360;
    size_t main_interpreter = 40, ceval_gil = 384;
    if (version >= 0x030d) {
        main_interpreter = (size_t)pointer_at(runtime + 40) + sizeof(void*);
        ceval_gil = 16;
    }
    char* interpreter = pointer_at(runtime + main_interpreter);
    return interpreter ? pointer_at(interpreter + ceval_gil) : NULL;
}

// Is it this part of the GIL?
static bool is(const void* object, size_t part) {
    if (!shared) return false;
    char* base = atomic_load_explicit(&gil, memory_order_relaxed);
    if (!base) {
        base = find_gil();
        if (!base) return false;
        shared->gil_address = (uint64_t)base;
        atomic_store_explicit(&gil, base, memory_order_relaxed);
    }
    return (const char*)object == base + part;
}

static bool gil_is_locked(void) {
    return *(volatile int*)(atomic_load_explicit(&gil, memory_order_relaxed) + GIL_LOCKED) != 0;
}

static void claim_slot(void) {
    uint32_t index = atomic_fetch_add(&shared->threads, 1);
    me = &unlisted;
    if (index >= shared->slots) {
        atomic_fetch_sub(&shared->threads, 1);
        atomic_fetch_add(&shared->threads_lost, 1);
    } else {
        me = &slots[index];
        me->tid = (uint32_t)gettid();
    }
    pthread_setspecific(end_key, me);
}

static struct event* last_event(void) {
    return &event_table[(size_t)(me - slots) * shared->capacity + me->events - 1];
}

// A sequence lock with one writer.
static void change_begins(void) {
    uint32_t even = atomic_load_explicit(&me->sequence, memory_order_relaxed);
    atomic_store_explicit(&me->sequence, even + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void change_ends(void) {
    uint32_t odd = atomic_load_explicit(&me->sequence, memory_order_relaxed);
    atomic_store_explicit(&me->sequence, odd + 1, memory_order_release);
}

static void enter(enum state state) {
    bool first = !me;
    if (first) claim_slot();
    struct event now = {.state = state};
    // The CPU clock is a system call, on whose way out a thread that has just woken another is
    // often preempted: that time belongs to the waking, so the way to OFF is stamped after it.
    if (state == OFF) now.cpu_ns = cpu_ns();
    now.t_ns = clock_ns(CLOCK_MONOTONIC);
    if (state != OFF) now.cpu_ns = cpu_ns();
    change_begins();
    if (!first) {
        me->ns[me->state] += now.t_ns - me->since_ns;
        me->cpu_ns[me->state] += now.cpu_ns - me->cpu_since_ns;
        me->entries[me->state]++;
    }
    me->state = state;
    me->since_ns = now.t_ns;
    me->cpu_since_ns = now.cpu_ns;
    if (me != &unlisted && me->events < shared->capacity) {
        me->events++;
        *last_event() = now;
    } else {
        me->events_lost++;
    }
    change_ends();
}

// A drop that turns out to have been forced: what began as OFF at its end is the hand-over.
static void drop_was_forced(void) {
    if (!me || me->state != OFF) return;
    change_begins();
    me->state = FORCED;
    if (me->events && !me->events_lost) last_event()->state = FORCED;
    change_ends();
}

static void thread_ends(void* slot) {
    (void)slot;
    if (shared) enter(ENDED);
}

static void stop_accounting(void) { shared = NULL; }

__attribute__((constructor)) static void start_accounting(void) {
    const char* fd = getenv("GIL_ORACLE_FD");
    const unsigned long* hex = dlsym(RTLD_DEFAULT, "Py_Version");
    struct stat file;
    if (!real_lock) resolve();
    runtime = dlsym(RTLD_DEFAULT, "_PyRuntime");
    if (!fd || !runtime || !hex || fstat(atoi(fd), &file) != 0) return;
    version = *hex >> 16;
    void* map = mmap(NULL, (size_t)file.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                     atoi(fd), 0);
    if (map == MAP_FAILED || memcmp(map, "giloracl", 8) != 0) return;
    slots = (struct thread*)((char*)map + HEADER_SIZE);
    event_table = (struct event*)(slots + ((struct header*)map)->slots);
    pthread_key_create(&end_key, thread_ends);
    pthread_atfork(NULL, NULL, stop_accounting);  // a forked child is another process
    shared = map;
}

static int take_begins(pthread_mutex_t* mutex) {
    taking = true;
    int busy = real_trylock(mutex);
    if (!busy && !gil_is_locked()) return 0;
    enter(REQUEST);
    atomic_fetch_add(&waiters, 1);
    return busy ? real_lock(mutex) : 0;
}

static void take_ends(enum state state) {
    if (me && me->state == REQUEST) atomic_fetch_sub(&waiters, 1);
    taking = false;
    holding = state == HELD;
    enter(state);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
    if (!real_lock) resolve();
    if (is(mutex, GIL_MUTEX) && !holding) return take_begins(mutex);
    if (is(mutex, GIL_SWITCH_MUTEX) && !taking) drop_was_forced();
    return real_lock(mutex);
}

int pthread_cond_signal(pthread_cond_t* cond) {
    if (!real_lock) resolve();
    if (is(cond, GIL_SWITCH_COND) && taking) {
        take_ends(HELD);
    } else if (is(cond, GIL_COND) && holding) {
        holding = false;
        enter(atomic_load(&waiters) ? DROP : OFF);
    }
    return real_signal(cond);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) {
    if (!real_lock) resolve();
    bool drop_ends = is(mutex, GIL_MUTEX) && me && me->state == DROP;
    bool forced_ends = is(mutex, GIL_SWITCH_MUTEX) && me && me->state == FORCED;
    if (is(mutex, GIL_MUTEX) && taking) take_ends(OFF);  // given up: the interpreter is ending
    int error = real_unlock(mutex);
    if (drop_ends || forced_ends) enter(OFF);
    return error;
}
