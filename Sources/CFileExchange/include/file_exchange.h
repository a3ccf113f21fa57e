#ifndef FILE_EXCHANGE_H
#define FILE_EXCHANGE_H

/// Two files or folders of one file system take each other's names, in one step that nobody sees half done.
/// Returns 0, or the number of the error: ENOSYS or EINVAL where the system or the file system cannot.
int file_exchange(const char *one, const char *other);

#endif
