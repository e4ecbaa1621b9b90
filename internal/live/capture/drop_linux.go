package capture

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// Drop gives up, in all threads and for good, what is not needed once interfaces, outputs and the
// port for metrics are open. Call it once, and not from a test's own process.
//
// What remains: what is open already; reading frames and the counts of the interfaces
// (/sys/class/net); reading the control groups; reading about this process (/proc/self) and the time zone; the terminal;
// making, renaming and removing files below Write; and listening on Listen. Neither names are resolved after
// it, nor programs started. Landlock does not see Multipath TCP, which Go listens with by default.
func Drop(opts DropOptions) Dropped {
	var d Dropped
	d.NoNewPrivs = noNewPrivs()
	d.Kept, d.Capabilities = dropCapabilities(opts.Write)
	d.Files, d.Network = confine(opts)
	return d
}

func noNewPrivs() error {
	_, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	return err
}

// dropCapabilities keeps only what is needed to write into the directories.
func dropCapabilities(write []string) (kept string, err error) {
	had := cap.GetProc()
	if err := clearBounding(had); err != nil {
		return "", err
	}
	keep := cap.NewSet()
	if may, err := had.GetFlag(cap.Permitted, cap.DAC_OVERRIDE); err == nil && may {
		if err := keep.SetFlag(cap.Permitted, true, cap.DAC_OVERRIDE); err != nil {
			return "", err
		}
	}
	// Not in effect for now: what can be written to without it?
	if err := keep.SetProc(); err != nil {
		return "", err
	}
	if slices.ContainsFunc(write, refusesWriting) {
		if err := keep.Fill(cap.Effective, cap.Permitted); err != nil {
			return "", err
		}
		kept = cap.DAC_OVERRIDE.String()
	} else if err := keep.Clear(); err != nil {
		return "", err
	}
	return kept, keep.SetProc()
}

// clearBounding empties the bounding set, which is for programs that are started, where that is allowed:
// to those with CAP_SETPCAP. noNewPrivs binds such programs anyway.
func clearBounding(had *cap.Set) error {
	if may, err := had.GetFlag(cap.Effective, cap.SETPCAP); err != nil || !may {
		return nil
	}
	for v := cap.Value(0); v < cap.MaxBits(); v++ {
		if err := cap.DropBound(v); err != nil {
			return fmt.Errorf("bounding set: %w", err)
		}
	}
	return nil
}

func refusesWriting(dir string) bool {
	return errors.Is(unix.Faccessat(unix.AT_FDCWD, filepath.Clean(dir), unix.W_OK|unix.X_OK, unix.AT_EACCESS), unix.EACCES)
}

// Landlock can restrict files since its first version, connections since its fourth.
const landlockNetwork = 4

// read are the places that are still read, by files.
var (
	readDirs = []string{
		"/proc/self",          // what the metrics say about this process
		"/sys/class/net",      // libpcap counts what interfaces lose,
		"/sys/devices",        // which the entries of /sys/class/net are links to
		"/sys/fs/cgroup",      // the names of new containers
		"/usr/share/zoneinfo", // read when a time is first written
	}
	readFiles = []string{"/etc/localtime", "/proc/stat", "/proc/sys/net/core/somaxconn"}
	terminals = []string{"/dev/tty", "/dev/null"}
)

// confine restricts the files and the network as far as the kernel knows how to.
func confine(opts DropOptions) (files, network error) {
	version, err := landlocksys.LandlockGetABIVersion()
	if err != nil || version < 1 {
		err = &unsupportedError{"the kernel has no Landlock, or it is turned off"}
		return err, err
	}
	if version < landlockNetwork {
		network = &unsupportedError{fmt.Sprintf("the kernel's Landlock has version %d; it takes %d", version, landlockNetwork)}
	}
	// A rule is about the file that a name stands for now. The kernel may forget the one of
	// /proc/self and make another unless it is in use: so it is, until the process ends.
	if _, err := unix.Open("/proc/self", unix.O_PATH|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("/proc/self: %w", err), network
	}
	rules := []landlock.Rule{
		landlock.RODirs(readDirs...).IgnoreIfMissing(),
		landlock.ROFiles(readFiles...).IgnoreIfMissing(),
		landlock.RWFiles(terminals...).WithIoctlDev().IgnoreIfMissing(),
	}
	for _, dir := range opts.Write {
		rules = append(rules, landlock.RWDirs(filepath.Clean(dir)))
	}
	if opts.Listen != 0 {
		rules = append(rules, landlock.BindTCP(opts.Listen))
	}
	if err := landlock.V7.BestEffort().Restrict(rules...); err != nil {
		return err, err
	}
	return nil, network
}
