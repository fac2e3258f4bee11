/* A disk that forgets what was not synced, under an unchanged program (LD_PRELOAD).
 *
 * The program works on the files of FORGET_ROOT as always. Beside it, FORGET_MIRROR holds what a power cut would leave:
 *   tree/   every name that is durable, a hard link to the durable content of its file
 *   obj/N   the durable content of the file whose inode is N now
 * A file's sync copies what was written since the last one to its object; a folder's sync gives the names in the mirror
 * the state of the names in the folder. Nothing else reaches the mirror, and no real sync is made: the kill that follows
 * leaves the page cache alone. At the start tree/ is a copy of FORGET_ROOT made of hard links; a file that is there
 * already gets an object of its own right before it is first changed.
 *
 * fault.h reads the control file: kills at the nth call of a kind on a path, errors, short writes, slow syncs, and syncs
 * that are answered but not done.
 *
 * One program at a time, and FORGET_MIRROR made anew before each.
 *
 * What is written through a mapping is not seen; of the files here only SQLite's -shm is, which is rebuilt at every start.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define LONG 4096

static char root[LONG], mirror[LONG];
static size_t root_len;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#include "fault.h"

/* A part of a file that was written and not synced. */
struct range {
    off_t from, to;
};

/* A file that was opened, by its inode. */
struct file {
    dev_t device;
    ino_t inode;
    char path[512];
    /* Its durable content is still the file itself. */
    int shared;
    struct range *ranges;
    size_t count, room;
    struct file *next;
};

#define BUCKETS 8192
static struct file *files[BUCKETS];
/* Folders that were synced before their own name was. */
static char early[64][512];
static size_t early_count;

__attribute__((constructor)) static void begin(void) {
    const char *from = getenv("FORGET_ROOT"), *to = getenv("FORGET_MIRROR");
    if (!from || !to) return;
    snprintf(mirror, sizeof mirror, "%s", to);
    snprintf(root, sizeof root, "%s", from);
    root_len = strlen(root);
    fault_begin(getenv("FORGET_CONTROL"), getenv("FORGET_FIRED"));
}

static int raw_open(const char *path, int flags, mode_t mode) {
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

/* The path below the root in `out`, or nothing when it is elsewhere. */
static int below(int folder, const char *path, char *out, size_t size) {
    char whole[LONG * 2];
    if (!root_len || !path) return 0;
    if (path[0] == '/') {
        snprintf(whole, sizeof whole, "%s", path);
    } else {
        char base[LONG];
        if (folder == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t n = readlink(link, base, sizeof base - 1);
            if (n < 0) return 0;
            base[n] = 0;
        }
        snprintf(whole, sizeof whole, "%s%s%s", base, path[0] ? "/" : "", path);
    }
    if (strncmp(whole, root, root_len)) return 0;
    const char *rest = whole + root_len;
    if (rest[0] && rest[0] != '/') return 0;
    while (*rest == '/') rest++;
    size_t n = strlen(rest);
    if (n >= size || (n >= 4 && !strcmp(rest + n - 4, "-shm"))) return 0;
    memcpy(out, rest, n + 1);
    return 1;
}

static int at(char *out, const char *base, const char *part, const char *path) {
    return snprintf(out, LONG, "%s/%s%s%s", base, part, path[0] && part[0] ? "/" : "", path);
}

static int object(char *out, ino_t inode, const char *end) {
    return snprintf(out, LONG, "%s/obj/%llu%s", mirror, (unsigned long long)inode, end);
}

static struct file **bucket(dev_t device, ino_t inode) {
    struct file **place = &files[(inode * 2654435761u ^ device) % BUCKETS];
    while (*place && ((*place)->inode != inode || (*place)->device != device)) place = &(*place)->next;
    return place;
}

static void copy_part(int from, int to, off_t start, off_t end) {
    static char buffer[1 << 18];
    while (start < end) {
        size_t want = (size_t)(end - start) < sizeof buffer ? (size_t)(end - start) : sizeof buffer;
        ssize_t n = syscall(SYS_pread64, from, buffer, want, start);
        if (n <= 0) break;
        syscall(SYS_pwrite64, to, buffer, (size_t)n, start);
        start += n;
    }
}

/* Everything but holes. */
static void copy_whole(int from, int to) {
    struct stat st;
    if (fstat(from, &st)) return;
    for (off_t start = 0; start < st.st_size;) {
        start = lseek(from, start, SEEK_DATA);
        if (start < 0) break;
        off_t end = lseek(from, start, SEEK_HOLE);
        if (end < 0) end = st.st_size;
        copy_part(from, to, start, end);
        start = end;
    }
    syscall(SYS_ftruncate, to, st.st_size);
}

static int reading(int fd) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return raw_open(link, O_RDONLY, 0);
}

/* Puts a hard link to `from` in the place of `to`. */
static void put_name(const char *from, const char *to) {
    char draft[LONG];
    snprintf(draft, sizeof draft, "%s/draft", mirror);
    syscall(SYS_unlinkat, AT_FDCWD, draft, 0);
    if (!syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, draft, 0)) syscall(SYS_renameat, AT_FDCWD, draft, AT_FDCWD, to);
}

/* The file, known from now on; `is_new`: it was made right now, and nothing of it is durable. */
static struct file *know(const struct stat *st, const char *path, int is_new) {
    struct file **place = bucket(st->st_dev, st->st_ino);
    struct file *file = *place;
    char object_path[LONG], name[LONG];
    if (file && !is_new) return file;
    if (!file) {
        file = calloc(1, sizeof *file);
        if (!file) abort();
        file->device = st->st_dev;
        file->inode = st->st_ino;
        *place = file;
    }
    snprintf(file->path, sizeof file->path, "%s", path);
    file->count = 0;
    object(object_path, st->st_ino, "");
    at(name, mirror, "tree", path);
    struct stat durable;
    file->shared = !is_new && !lstat(name, &durable) && durable.st_ino == st->st_ino;
    if (file->shared) {
        put_name(name, object_path);
    } else {
        char draft[LONG];
        object(draft, st->st_ino, ".new");
        int fd = raw_open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (fd >= 0) close(fd);
        syscall(SYS_renameat, AT_FDCWD, draft, AT_FDCWD, object_path);
    }
    return file;
}

/* The file behind a descriptor, if it is one of ours. */
static struct file *of(int fd, struct stat *st) {
    if (!root_len || fstat(fd, st) || !S_ISREG(st->st_mode)) return NULL;
    return *bucket(st->st_dev, st->st_ino);
}

/* Gives the file's durable content an object of its own. */
static void part_ways(struct file *file, int fd) {
    if (!file->shared) return;
    char draft[LONG], object_path[LONG], name[LONG];
    object(draft, file->inode, ".new");
    object(object_path, file->inode, "");
    at(name, mirror, "tree", file->path);
    int from = reading(fd), to = raw_open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (from < 0 || to < 0) abort();
    copy_whole(from, to);
    close(from);
    close(to);
    syscall(SYS_renameat, AT_FDCWD, draft, AT_FDCWD, object_path);
    put_name(object_path, name);
    file->shared = 0;
}

static void wrote(struct file *file, off_t from, off_t to) {
    if (file->count && file->ranges[file->count - 1].to == from) {
        file->ranges[file->count - 1].to = to;
        return;
    }
    if (file->count == file->room) {
        file->room = file->room ? file->room * 2 : 16;
        file->ranges = realloc(file->ranges, file->room * sizeof *file->ranges);
        if (!file->ranges) abort();
    }
    file->ranges[file->count++] = (struct range){from, to};
}

static void sync_file(struct file *file, int fd) {
    if (file->shared) return;
    char object_path[LONG];
    struct stat st;
    object(object_path, file->inode, "");
    int from = reading(fd), to = raw_open(object_path, O_WRONLY, 0);
    if (from < 0 || to < 0 || fstat(from, &st)) abort();
    /* Longer first: a program that cuts and rewrites must not find the cut alone. */
    for (size_t i = 0; i < file->count; i++) copy_part(from, to, file->ranges[i].from, file->ranges[i].to);
    syscall(SYS_ftruncate, to, st.st_size);
    file->count = 0;
    close(from);
    close(to);
}

static void drop_tree(const char *path) {
    DIR *folder = opendir(path);
    if (folder) {
        for (struct dirent *entry; (entry = readdir(folder));) {
            char inner[LONG];
            if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
            if (snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) < LONG) drop_tree(inner);
        }
        closedir(folder);
        syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
    } else {
        syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    }
}

static void sync_folder(const char *path) {
    char real[LONG], durable[LONG];
    struct stat st, known;
    at(real, root, "", path);
    at(durable, mirror, "tree", path);
    if (lstat(durable, &st)) {
        if (early_count < 64) snprintf(early[early_count++], sizeof early[0], "%s", path);
        return;
    }
    DIR *folder = opendir(real);
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *name = entry->d_name;
        char part[512], from[LONG], to[LONG];
        if (!strcmp(name, ".") || !strcmp(name, "..")) continue;
        if (snprintf(part, sizeof part, "%s%s%s", path, path[0] ? "/" : "", name) >= (int)sizeof part) continue;
        at(from, root, "", part);
        at(to, mirror, "tree", part);
        size_t n = strlen(name);
        if ((n >= 4 && !strcmp(name + n - 4, "-shm")) || lstat(from, &st)) continue;
        if (S_ISDIR(st.st_mode)) {
            if (lstat(to, &known)) {
                syscall(SYS_mkdirat, AT_FDCWD, to, 0700);
                for (size_t i = 0; i < early_count; i++) {
                    if (!strcmp(early[i], part)) {
                        early[i][0] = 0;
                        sync_folder(part);
                    }
                }
            }
        } else if (S_ISREG(st.st_mode)) {
            struct file *file = *bucket(st.st_dev, st.st_ino);
            /* Never opened for writing: as it was at the start, or put there behind our back. */
            if (!file && !lstat(to, &known) && known.st_ino == st.st_ino) continue;
            if (!file) file = know(&st, part, 0);
            object(from, file->inode, "");
            if (!lstat(from, &st) && (lstat(to, &known) || known.st_ino != st.st_ino)) put_name(from, to);
        }
    }
    closedir(folder);
    folder = opendir(durable);
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char here[LONG], there[LONG];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (snprintf(here, LONG, "%s/%s", real, entry->d_name) >= LONG) continue;
        if (snprintf(there, LONG, "%s/%s", durable, entry->d_name) >= LONG) continue;
        if (lstat(here, &st)) drop_tree(there);
    }
    closedir(folder);
}

#include "calls.h"
