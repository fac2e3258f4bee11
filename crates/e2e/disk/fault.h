/* What is to go wrong, read from the control file whenever it has changed. A line is
 *
 *   <what> <call> <pattern> <nth> <times> [<value>]
 *
 * what:    kill (before the call), killed (after it), error (value: the errno), short (half is written), slow (value: ms),
 *          lie (a sync answers that all is well and does nothing)
 * call:    open (making a file), write, cut, sync (of a file), dirsync, rename, unlink, mkdir
 * pattern: of the path below the root, as fnmatch has it
 * nth:     from this matching call on, counted from 1 since the line was read
 * times:   so often; 0 for ever
 *
 * Each fault but lies and slow syncs leaves a line in FORGET_FIRED. */
#include <fnmatch.h>
#include <signal.h>
#include <time.h>

struct rule {
    char what[12], call[12], pattern[256];
    long nth, times, value, seen;
};

/* What to do with one call. */
struct verdict {
    int error, half, lie, after;
    long wait;
    char told[700];
};

static struct rule rules[64];
static size_t rule_count;
static const char *control, *fired;
static struct timespec control_read;
static ino_t control_inode;

static void fault_begin(const char *from, const char *to) {
    control = from;
    fired = to;
}

static void tell(const char *line) {
    int fd = fired ? (int)syscall(SYS_openat, AT_FDCWD, fired, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd < 0) return;
    syscall(SYS_write, fd, line, strlen(line));
    close(fd);
}

static void end_here(const char *line) {
    tell(line);
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static void read_control(void) {
    struct stat st;
    if (!control || stat(control, &st)) return;
    if (st.st_ino == control_inode && st.st_mtim.tv_sec == control_read.tv_sec && st.st_mtim.tv_nsec == control_read.tv_nsec)
        return;
    control_read = st.st_mtim;
    control_inode = st.st_ino;
    rule_count = 0;
    FILE *file = fopen(control, "re");
    if (!file) return;
    char line[512];
    while (rule_count < 64 && fgets(line, sizeof line, file)) {
        struct rule *rule = &rules[rule_count];
        memset(rule, 0, sizeof *rule);
        int got = sscanf(line, "%11s %11s %255s %ld %ld %ld", rule->what, rule->call, rule->pattern, &rule->nth,
                         &rule->times, &rule->value);
        if (got >= 5) rule_count++;
    }
    fclose(file);
}

/* To be called with the lock held, before the call is made. */
static struct verdict judge(const char *call, const char *path) {
    struct verdict verdict = {0};
    read_control();
    for (size_t i = 0; i < rule_count; i++) {
        struct rule *rule = &rules[i];
        if (strcmp(rule->call, call) || fnmatch(rule->pattern, path, 0)) continue;
        rule->seen++;
        if (rule->seen < rule->nth || (rule->times && rule->seen >= rule->nth + rule->times)) continue;
        char line[700];
        snprintf(line, sizeof line, "%s %s %s %ld\n", rule->what, call, path, rule->seen);
        if (!strcmp(rule->what, "kill")) end_here(line);
        if (!strcmp(rule->what, "killed")) {
            verdict.after = 1;
            memcpy(verdict.told, line, sizeof line);
        } else if (!strcmp(rule->what, "error")) {
            verdict.error = (int)rule->value;
            tell(line);
        } else if (!strcmp(rule->what, "short")) {
            verdict.half = 1;
            tell(line);
        } else if (!strcmp(rule->what, "slow")) {
            verdict.wait += rule->value;
        } else if (!strcmp(rule->what, "lie")) {
            verdict.lie = 1;
        }
    }
    return verdict;
}

static void wait_for(const struct verdict *verdict) {
    struct timespec time = {verdict->wait / 1000, verdict->wait % 1000 * 1000000};
    if (verdict->wait) nanosleep(&time, NULL);
}

static void done(const struct verdict *verdict) {
    if (verdict->after) end_here(verdict->told);
}
