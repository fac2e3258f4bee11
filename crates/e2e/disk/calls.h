/* The calls a program changes files with, as the C library names them. Each asks what is to go wrong, makes the system
 * call itself, and notes what it changed. */

static int is_making(int folder, const char *path, int flags) {
    struct stat st;
    return (flags & O_CREAT) && (flags & O_TMPFILE) != O_TMPFILE && fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW);
}

static int open_any(int folder, const char *path, int flags, mode_t mode) {
    char part[512];
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    if (!writes || (flags & O_TMPFILE) == O_TMPFILE || !below(folder, path, part, sizeof part))
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct verdict verdict = {0};
    int is_new = is_making(folder, path, flags), fd = -1;
    if (is_new) verdict = judge("open", part);
    if (verdict.error) {
        errno = verdict.error;
    } else {
        /* A file that is there must be known before it is emptied. */
        fd = (int)syscall(SYS_openat, folder, path, flags & ~O_TRUNC, mode);
        int saved = errno;
        struct stat st;
        if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode)) {
            struct file *file = know(&st, part, is_new);
            if ((flags & O_TRUNC) && st.st_size) {
                part_ways(file, fd);
                syscall(SYS_ftruncate, fd, (off_t)0);
                wrote(file, 0, st.st_size);
            }
        }
        errno = saved;
    }
    pthread_mutex_unlock(&lock);
    done(&verdict);
    return fd;
}

#define MODE                            \
    mode_t mode = 0;                    \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest;                   \
        va_start(rest, flags);          \
        mode = va_arg(rest, mode_t);    \
        va_end(rest);                   \
    }

EXPORT int open(const char *path, int flags, ...) { MODE return open_any(AT_FDCWD, path, flags, mode); }
EXPORT int open64(const char *path, int flags, ...) { MODE return open_any(AT_FDCWD, path, flags, mode); }
EXPORT int openat(int folder, const char *path, int flags, ...) { MODE return open_any(folder, path, flags, mode); }
EXPORT int openat64(int folder, const char *path, int flags, ...) { MODE return open_any(folder, path, flags, mode); }
EXPORT int creat(const char *path, mode_t mode) {
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
EXPORT int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* A write of `size` bytes by `call`; at `offset`, or where the descriptor stands when that is negative. */
#define WRITE(fd, size, offset, all, part)                                          \
    struct stat st;                                                                 \
    struct verdict verdict = {0};                                                   \
    pthread_mutex_lock(&lock);                                                      \
    struct file *file = of(fd, &st);                                                \
    if (file) {                                                                     \
        verdict = judge("write", file->path);                                       \
        if (!verdict.error) part_ways(file, fd);                                    \
    }                                                                               \
    pthread_mutex_unlock(&lock);                                                    \
    if (verdict.error) {                                                            \
        errno = verdict.error;                                                      \
        return -1;                                                                  \
    }                                                                               \
    wait_for(&verdict);                                                             \
    ssize_t n = verdict.half && (size) > 1 ? (part) : (all);                        \
    if (file && n > 0) {                                                            \
        int saved = errno;                                                          \
        off_t end = (offset) < 0 ? lseek(fd, 0, SEEK_CUR) : (off_t)(offset) + n;    \
        pthread_mutex_lock(&lock);                                                  \
        wrote(file, end - n, end);                                                  \
        pthread_mutex_unlock(&lock);                                                \
        errno = saved;                                                              \
    }                                                                               \
    done(&verdict);                                                                 \
    return n;

EXPORT ssize_t write(int fd, const void *bytes, size_t size) {
    WRITE(fd, size, (off_t)-1, syscall(SYS_write, fd, bytes, size), syscall(SYS_write, fd, bytes, size / 2))
}
EXPORT ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    WRITE(fd, size, offset, syscall(SYS_pwrite64, fd, bytes, size, offset),
          syscall(SYS_pwrite64, fd, bytes, size / 2, offset))
}
EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) { return pwrite(fd, bytes, size, offset); }
EXPORT ssize_t writev(int fd, const struct iovec *parts, int count) {
    WRITE(fd, count, (off_t)-1, syscall(SYS_writev, fd, parts, count), syscall(SYS_writev, fd, parts, count / 2))
}
EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    WRITE(fd, count, offset, syscall(SYS_pwritev, fd, parts, count, offset, 0L),
          syscall(SYS_pwritev, fd, parts, count / 2, offset, 0L))
}
EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return pwritev(fd, parts, count, offset);
}

/* Calls of which it is enough to know that the file has changed somewhere. */
#define CHANGE(fd, name, call)                       \
    struct stat st;                                  \
    struct verdict verdict = {0};                    \
    pthread_mutex_lock(&lock);                       \
    struct file *file = of(fd, &st);                 \
    if (file) {                                      \
        verdict = judge(name, file->path);           \
        if (!verdict.error) part_ways(file, fd);     \
    }                                                \
    pthread_mutex_unlock(&lock);                     \
    if (verdict.error) {                             \
        errno = verdict.error;                       \
        return -1;                                   \
    }                                                \
    long n = (call);                                 \
    int saved = errno;                               \
    if (file && n >= 0 && !fstat(fd, &st)) {         \
        pthread_mutex_lock(&lock);                   \
        wrote(file, 0, st.st_size);                  \
        pthread_mutex_unlock(&lock);                 \
    }                                                \
    errno = saved;                                   \
    done(&verdict);                                  \
    return n;

EXPORT int ftruncate(int fd, off_t size) { CHANGE(fd, "cut", syscall(SYS_ftruncate, fd, size)) }
EXPORT int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }
EXPORT ssize_t copy_file_range(int from, off64_t *from_at, int fd, off64_t *to_at, size_t size, unsigned flags) {
    CHANGE(fd, "write", syscall(SYS_copy_file_range, from, from_at, fd, to_at, size, flags))
}
EXPORT ssize_t sendfile(int fd, int from, off_t *offset, size_t size) {
    CHANGE(fd, "write", syscall(SYS_sendfile, fd, from, offset, size))
}
EXPORT ssize_t sendfile64(int fd, int from, off64_t *offset, size_t size) { return sendfile(fd, from, offset, size); }

/* Reserving room changes no bytes, only the length, which the next sync takes over. */
#define RESERVE(fd, call)                            \
    struct stat st;                                  \
    struct verdict verdict = {0};                    \
    pthread_mutex_lock(&lock);                       \
    struct file *file = of(fd, &st);                 \
    if (file) {                                      \
        verdict = judge("cut", file->path);          \
        if (!verdict.error) part_ways(file, fd);     \
    }                                                \
    pthread_mutex_unlock(&lock);                     \
    if (verdict.error) {                             \
        errno = verdict.error;                       \
        return -1;                                   \
    }                                                \
    long n = (call);                                 \
    done(&verdict);                                  \
    return (int)n;

EXPORT int fallocate(int fd, int mode, off_t from, off_t size) {
    RESERVE(fd, syscall(SYS_fallocate, fd, mode, from, size))
}
EXPORT int fallocate64(int fd, int mode, off64_t from, off64_t size) { return fallocate(fd, mode, from, size); }
EXPORT int posix_fallocate(int fd, off_t from, off_t size) { return fallocate(fd, 0, from, size) ? errno : 0; }
EXPORT int posix_fallocate64(int fd, off64_t from, off64_t size) { return posix_fallocate(fd, from, size); }

/* The sync of a file or of a folder. */
static int sync_any(int fd, long number) {
    struct stat st;
    char link[64], target[LONG], part[512];
    if (!root_len || fstat(fd, &st)) return (int)syscall(number, fd);
    struct verdict verdict = {0};
    struct file *file = NULL;
    int is_folder = 0;
    pthread_mutex_lock(&lock);
    if (S_ISDIR(st.st_mode)) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, target, sizeof target - 1);
        target[n < 0 ? 0 : n] = 0;
        is_folder = below(AT_FDCWD, target, part, sizeof part);
    } else {
        file = of(fd, &st);
        if (file) snprintf(part, sizeof part, "%s", file->path);
    }
    if (!is_folder && !file) {
        pthread_mutex_unlock(&lock);
        return (int)syscall(number, fd);
    }
    verdict = judge(is_folder ? "dirsync" : "sync", part);
    pthread_mutex_unlock(&lock);
    wait_for(&verdict);
    if (verdict.error) {
        errno = verdict.error;
        return -1;
    }
    if (!verdict.lie) {
        pthread_mutex_lock(&lock);
        if (is_folder) sync_folder(part);
        else sync_file(file, fd);
        pthread_mutex_unlock(&lock);
    }
    done(&verdict);
    return 0;
}

EXPORT int fsync(int fd) { return sync_any(fd, SYS_fsync); }
EXPORT int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }

/* Names: nothing of them is durable before the folder is synced, so the mirror is left alone. */
#define NAME(folder, path, call_name, call)                                   \
    char part[512];                                                           \
    if (!below(folder, path, part, sizeof part)) return (int)(call);          \
    pthread_mutex_lock(&lock);                                                \
    struct verdict verdict = judge(call_name, part);                          \
    int result = -1;                                                          \
    if (verdict.error) errno = verdict.error;                                 \
    else result = (int)(call);                                                \
    pthread_mutex_unlock(&lock);                                              \
    done(&verdict);                                                           \
    return result;

static int rename_any(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char old[512], new[512];
    struct stat st;
    int ours = below(from_folder, from, old, sizeof old) && below(to_folder, to, new, sizeof new);
    if (!ours) return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    pthread_mutex_lock(&lock);
    struct verdict verdict = judge("rename", new);
    int result = -1;
    if (verdict.error) {
        errno = verdict.error;
    } else {
        int regular = !fstatat(from_folder, from, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode);
        struct file *file = regular ? know(&st, old, 0) : NULL;
        result = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
        if (!result && file) snprintf(file->path, sizeof file->path, "%s", new);
    }
    pthread_mutex_unlock(&lock);
    done(&verdict);
    return result;
}

EXPORT int rename(const char *from, const char *to) { return rename_any(AT_FDCWD, from, AT_FDCWD, to, 0); }
EXPORT int renameat(int a, const char *from, int b, const char *to) { return rename_any(a, from, b, to, 0); }
EXPORT int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    return rename_any(a, from, b, to, flags);
}
EXPORT int linkat(int a, const char *from, int b, const char *to, int flags) {
    NAME(b, to, "rename", syscall(SYS_linkat, a, from, b, to, flags))
}
EXPORT int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
EXPORT int unlinkat(int folder, const char *path, int flags) {
    NAME(folder, path, "unlink", syscall(SYS_unlinkat, folder, path, flags))
}
EXPORT int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
EXPORT int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
EXPORT int mkdirat(int folder, const char *path, mode_t mode) {
    NAME(folder, path, "mkdir", syscall(SYS_mkdirat, folder, path, mode))
}
EXPORT int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
