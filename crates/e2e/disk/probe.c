/* Does to files what its arguments say, then ends without a word of farewell: what the forgetful disk is tried with.
 *
 *   write PATH TEXT   puts TEXT at the beginning      sync PATH   fsync of a file or folder
 *   add PATH TEXT     puts TEXT at the end            datasync PATH
 *   new PATH TEXT     makes or empties, then writes   cut PATH LENGTH
 *   move FROM TO      delete PATH                     folder PATH */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int put(const char *path, int flags, const char *text, int sync) {
    int fd = open(path, flags, 0600), failed = fd < 0;
    if (!failed && text) failed = write(fd, text, strlen(text)) != (ssize_t)strlen(text);
    if (!failed && sync) failed = sync == 1 ? fsync(fd) : fdatasync(fd);
    return failed;
}

int main(int count, char **words) {
    for (int i = 1; i < count;) {
        const char *what = words[i], *one = words[i + 1], *two = i + 2 < count ? words[i + 2] : "";
        int failed, used = 3;
        if (!strcmp(what, "write")) failed = put(one, O_WRONLY | O_CREAT, two, 0);
        else if (!strcmp(what, "add")) failed = put(one, O_WRONLY | O_CREAT | O_APPEND, two, 0);
        else if (!strcmp(what, "new")) failed = put(one, O_WRONLY | O_CREAT | O_TRUNC, two, 0);
        else if (!strcmp(what, "cut")) failed = ftruncate(open(one, O_WRONLY), atol(two));
        else if (!strcmp(what, "move")) failed = rename(one, two);
        else if (used = 2, !strcmp(what, "delete")) failed = unlink(one);
        else if (!strcmp(what, "folder")) failed = mkdir(one, 0700);
        else if (!strcmp(what, "sync")) failed = put(one, O_RDONLY, NULL, 1);
        else if (!strcmp(what, "datasync")) failed = put(one, O_RDONLY, NULL, 2);
        else return 2;
        if (failed) printf("%s %s: %s\n", what, one, strerror(errno));
        i += used;
    }
    fflush(stdout);
    _exit(0);
}
