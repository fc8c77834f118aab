// SPDX-License-Identifier: Apache-2.0
#include "fault/faulty_disk.h"

#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace jc::test {
namespace {
std::atomic<std::uint64_t> g_left{0}; ///< 0 = not armed
std::atomic<bool> g_lasting{false}, g_fired{false};
std::atomic<Fault> g_fault{Fault::IoError};

/// Is this operation the one?
bool strikes()
{
    if (g_fired && g_lasting) return true;
    std::uint64_t left = g_left.load();
    while (left > 0 && !g_left.compare_exchange_weak(left, left - 1)) {
    }
    if (left != 1) return false;
    g_fired = true;
    return true;
}

struct File {
    sqlite3_file base;
    sqlite3_file* real; ///< stands right behind this
};
sqlite3_vfs* g_under = nullptr;
sqlite3_file* real(sqlite3_file* f)
{
    return reinterpret_cast<File*>(f)->real;
}

int closeFile(sqlite3_file* f)
{
    return real(f)->pMethods->xClose(real(f));
}
int readFileAt(sqlite3_file* f, void* to, int n, sqlite3_int64 at)
{
    return real(f)->pMethods->xRead(real(f), to, n, at);
}
int writeFileAt(sqlite3_file* f, const void* from, int n, sqlite3_int64 at)
{
    if (strikes()) {
        if (g_fault == Fault::IoError) return SQLITE_IOERR_WRITE;
        if (g_fault == Fault::ShortWrite) static_cast<void>(real(f)->pMethods->xWrite(real(f), from, n / 2, at));
        return SQLITE_FULL;
    }
    return real(f)->pMethods->xWrite(real(f), from, n, at);
}
int truncateFile(sqlite3_file* f, sqlite3_int64 size)
{
    return strikes() ? SQLITE_IOERR_TRUNCATE : real(f)->pMethods->xTruncate(real(f), size);
}
int syncFile(sqlite3_file* f, int flags)
{
    return strikes() ? SQLITE_IOERR_FSYNC : real(f)->pMethods->xSync(real(f), flags);
}
int fileSize(sqlite3_file* f, sqlite3_int64* size)
{
    return real(f)->pMethods->xFileSize(real(f), size);
}
int lockFile(sqlite3_file* f, int level)
{
    return real(f)->pMethods->xLock(real(f), level);
}
int unlockFile(sqlite3_file* f, int level)
{
    return real(f)->pMethods->xUnlock(real(f), level);
}
int isLocked(sqlite3_file* f, int* out)
{
    return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
int control(sqlite3_file* f, int op, void* arg)
{
    return real(f)->pMethods->xFileControl(real(f), op, arg);
}
int sectorSize(sqlite3_file* f)
{
    return real(f)->pMethods->xSectorSize(real(f));
}
int characteristics(sqlite3_file* f)
{
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int shmMap(sqlite3_file* f, int region, int size, int extend, void volatile** out)
{
    return real(f)->pMethods->xShmMap(real(f), region, size, extend, out);
}
int shmLock(sqlite3_file* f, int offset, int n, int flags)
{
    return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
void shmBarrier(sqlite3_file* f)
{
    real(f)->pMethods->xShmBarrier(real(f));
}
int shmUnmap(sqlite3_file* f, int remove)
{
    return real(f)->pMethods->xShmUnmap(real(f), remove);
}
const sqlite3_io_methods kMethods = {2,        closeFile,  readFileAt, writeFileAt, truncateFile, syncFile,        fileSize,
                                     lockFile, unlockFile, isLocked,   control,     sectorSize,   characteristics, shmMap,
                                     shmLock,  shmBarrier, shmUnmap,   nullptr,     nullptr};

int openFile(sqlite3_vfs*, const char* name, sqlite3_file* f, int flags, int* outFlags)
{
    auto* file = reinterpret_cast<File*>(f);
    file->base.pMethods = nullptr;
    file->real = reinterpret_cast<sqlite3_file*>(file + 1);
    const int rc = g_under->xOpen(g_under, name, file->real, flags, outFlags);
    if (rc == SQLITE_OK) file->base.pMethods = &kMethods;
    return rc;
}
} // namespace

void FaultyDisk::install()
{
    if (g_under) return;
    g_under = sqlite3_vfs_find(nullptr);
    static sqlite3_vfs vfs;
    vfs = *g_under; // the other calls know the layer below by its own fields
    vfs.zName = "jc-faulty-disk";
    vfs.szOsFile = static_cast<int>(sizeof(File)) + g_under->szOsFile;
    vfs.xOpen = openFile;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) std::abort();
}
void FaultyDisk::arm(std::uint64_t n, Fault fault, bool lasting)
{
    g_fired = false;
    g_fault = fault;
    g_lasting = lasting;
    g_left = n;
}
void FaultyDisk::disarm()
{
    g_left = 0;
    g_lasting = false;
}
bool FaultyDisk::fired()
{
    return g_fired;
}

} // namespace jc::test
