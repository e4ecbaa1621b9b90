package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"tcptrace/analyzer/host"
)

// Who has given up its rights by Landlock may not see what other processes have open. So a process is started before that which keeps the
// capabilities to, and gives up all others. With them, its user's files and no Landlock it could do more than look, if anyone could tell it to: it takes inode numbers of sockets and answers with the processes that have them; of packets it gets nothing.
//
// A question is a count and inode numbers; an answer a count of processes that cannot be looked at, one of holders that there was no room for, one of
// holders, and these.
// Numbers are of four bytes, those of control groups of eight.

// helperName is what the second process is called with. The program and tests run themselves.
const helperName = "tcptrace: who has sockets"

func init() {
	if len(os.Args) == 1 && os.Args[0] == helperName {
		help()
	}
}

// help answers questions until there are no more.
func help() {
	if err := serve(keepSeeing, os.Stdin, os.Stdout); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// serve answers only when the other rights have been given up.
func serve(giveUp func() error, questions io.Reader, answers io.Writer) error {
	if err := giveUp(); err != nil {
		return err
	}
	return answerAll(questions, answers)
}

// seeing are the rights by which files of other users' processes can be looked at.
var seeing = []cap.Value{cap.SYS_PTRACE, cap.DAC_READ_SEARCH}

// keepSeeing gives up all rights but these.
func keepSeeing() error {
	if _, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	keep, had := cap.NewSet(), cap.GetProc()
	for _, v := range seeing {
		may, err := had.GetFlag(cap.Permitted, v)
		if err != nil {
			return err
		}
		if may {
			if err := errors.Join(keep.SetFlag(cap.Permitted, true, v), keep.SetFlag(cap.Effective, true, v)); err != nil {
				return err
			}
		}
	}
	return keep.SetProc()
}

func answerAll(questions io.Reader, answers io.Writer) error {
	for {
		inodes, err := readNumbers(questions, mostAtOnce)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		found, unseen := holdersInProc(setOf(inodes))
		if _, err := answers.Write(appendAnswer(nil, &found, unseen)); err != nil {
			return err
		}
	}
}

// nameSize is that of a process's name with the zero at its end (TASK_COMM_LEN).
const nameSize = 16

func appendAnswer(b []byte, found *holding, unseen int) []byte {
	b = binary.NativeEndian.AppendUint32(b, uint32(unseen))
	b = binary.NativeEndian.AppendUint32(b, uint32(found.cut))
	b = binary.NativeEndian.AppendUint32(b, uint32(len(found.list)))
	for i := range found.list {
		p := &found.list[i].process
		b = binary.NativeEndian.AppendUint32(b, found.list[i].inode)
		b = binary.NativeEndian.AppendUint32(b, p.PID)
		b = binary.NativeEndian.AppendUint64(b, p.Cgroup)
		var name [nameSize]byte
		copy(name[:nameSize-1], p.Name)
		b = append(b, name[:]...)
	}
	return b
}

// readNumbers reads a count, of at most most, and as many numbers.
func readNumbers(r io.Reader, most int) ([]uint32, error) {
	var n uint32
	if err := binary.Read(r, binary.NativeEndian, &n); err != nil {
		return nil, err
	}
	if int(n) > most {
		return nil, fmt.Errorf("%d numbers", n)
	}
	list := make([]uint32, n)
	return list, binary.Read(r, binary.NativeEndian, list)
}

// holdersInProc lists the processes that have sockets with wanted inode numbers. unseen is how many processes may not be looked at.
func holdersInProc(wanted map[uint32]bool) (found holding, unseen int) {
	all, err := os.ReadDir("/proc")
	if err != nil {
		return found, 0 // without it nothing is known
	}
	for _, entry := range all {
		pid, err := strconv.ParseUint(entry.Name(), 10, 32)
		if err != nil {
			continue
		}
		dir := "/proc/" + entry.Name()
		inodes, err := socketsOf(dir + "/fd")
		if errors.Is(err, os.ErrPermission) && !isKernels(dir) {
			unseen++
		}
		inodes = slices.DeleteFunc(inodes, func(n uint32) bool { return !wanted[n] })
		if len(inodes) == 0 {
			continue
		}
		name, err := os.ReadFile(dir + "/comm")
		if err != nil {
			continue // it has ended
		}
		p := host.Process{PID: uint32(pid), Cgroup: cgroupOf(dir), Name: strings.TrimSuffix(string(name), "\n")}
		for _, n := range inodes {
			found.add(record{kind: held, inode: n, process: p})
		}
	}
	return found, unseen
}

// cgroupOf is the number of the control group (version 2) of a process; 0 if it is not known.
func cgroupOf(dir string) uint64 {
	text, err := os.ReadFile(dir + "/cgroup")
	root := mountOf("cgroup2")
	if err != nil || root == "" {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		name, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::")
		var s unix.Stat_t
		if ok && unix.Stat(root+name, &s) == nil {
			return s.Ino
		}
	}
	return 0
}

// isKernels is whether a process is a thread of the kernel's own, or has ended. The command line, which kernel threads lack, is read from the memory
// of a process, which can block; this cannot.
func isKernels(dir string) bool {
	b, err := os.ReadFile(dir + "/stat")
	return err != nil || flagsIn(string(b))&kernelThread != 0
}

// kernelThread is PF_KTHREAD of include/linux/sched.h.
const kernelThread = 0x00200000

// flagsIn is what /proc/PID/stat says of them; 0 if nothing. The name before them may contain anything.
func flagsIn(stat string) uint64 {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const place = 6 // behind the name: state, parent, group, session, terminal and its group
	if len(fields) <= place {
		return 0
	}
	flags, _ := strconv.ParseUint(fields[place], 10, 64) // 0 if it is none
	return flags
}

// socketsOf lists the inode numbers of the sockets among the files of a process. The error is about the last that cannot be looked at.
func socketsOf(dir string) (inodes []uint32, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	for _, name := range names {
		target, refused := os.Readlink(dir + "/" + name)
		if refused != nil {
			err = refused
		} else if n, ok := socketInode(target); ok {
			inodes = append(inodes, n)
		}
	}
	return inodes, err
}

func socketInode(target string) (uint32, bool) {
	text, ok := strings.CutPrefix(target, "socket:[")
	if !ok {
		return 0, false
	}
	inode, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 32)
	return uint32(inode), err == nil
}

// helper is the other process, as who asks sees it.
type helper struct {
	cmd       *exec.Cmd
	questions io.WriteCloser
	answers   io.ReadCloser
	ended     chan struct{} // closed when the process has
	unseen    atomic.Int64  // processes that it may not look at, as of the last answer

	patience, grace time.Duration // for an answer, and for its end when nobody asks any more
}

// It can be stuck in /proc for ever.
const (
	helperPatience = 5 * time.Second
	helperGrace    = 2 * time.Second
)

func startHelper() (*helper, error) {
	h := &helper{cmd: &exec.Cmd{Path: "/proc/self/exe", Args: []string{helperName}, Dir: "/", Env: []string{"GOMAXPROCS=1"}},
		ended: make(chan struct{}), patience: helperPatience, grace: helperGrace}
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // the terminal's signals are for the one that asks
	var err error
	if h.questions, err = h.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if h.answers, err = h.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := h.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_, _ = h.cmd.Process.Wait()
		close(h.ended)
	}()
	return h, nil
}

// look asks. It is for one goroutine at a time. A helper that fails is killed: what it may still answer is to no question.
func (h *helper) look(wanted sought) (holding, error) {
	done, late := make(chan struct{}), make(chan bool)
	go func() { late <- h.killLate(done) }()
	found, err := h.ask(wanted.inodes)
	close(done)
	switch {
	case <-late:
		return holding{}, fmt.Errorf("the process that looks into /proc did not answer within %v", h.patience)
	case err != nil:
		h.kill()
		return holding{}, fmt.Errorf("the process that looks into /proc: %w", err)
	}
	return found, nil
}

// killLate kills the process if it is not done in time. That is taken in steps, so that it is not late for who was stopped meanwhile (Ctrl-Z).
func (h *helper) killLate(done <-chan struct{}) (late bool) {
	const steps = 10
	step := time.NewTicker(h.patience / steps)
	defer step.Stop()
	for range steps {
		select {
		case <-done:
			return false
		case <-step.C:
		}
	}
	h.kill()
	return true
}

// kill ends the process at once, and whoever reads from it or writes to it, even if it cannot be ended.
func (h *helper) kill() {
	if h.cmd != nil {
		_ = h.cmd.Process.Kill() // it may have ended
	}
	_ = h.questions.Close()
	_ = h.answers.Close()
}

func (h *helper) ask(inodes []uint32) (found holding, err error) {
	b := binary.NativeEndian.AppendUint32(nil, uint32(len(inodes)))
	for _, n := range inodes {
		b = binary.NativeEndian.AppendUint32(b, n)
	}
	if _, err := h.questions.Write(b); err != nil {
		return found, err
	}
	var head struct{ Unseen, Cut, Holders uint32 }
	if err := binary.Read(h.answers, binary.NativeEndian, &head); err != nil {
		return found, err
	}
	if head.Holders > mostHolders {
		return found, fmt.Errorf("%d processes", head.Holders)
	}
	h.unseen.Store(int64(head.Unseen))
	answers := make([]struct {
		Inode, PID uint32
		Cgroup     uint64
		Name       [nameSize]byte
	}, head.Holders)
	if err := binary.Read(h.answers, binary.NativeEndian, answers); err != nil {
		return found, err
	}
	found = holding{make([]record, 0, len(answers)), uint64(head.Cut)}
	for i := range answers {
		a := &answers[i]
		found.list = append(found.list, record{kind: held, inode: a.Inode, process: host.Process{PID: a.PID, Cgroup: a.Cgroup, Name: unix.ByteSliceToString(a.Name[:])}})
	}
	return found, nil
}

// close ends the process, which ends by itself when nobody can ask any more, unless it is stuck.
func (h *helper) close() error {
	_ = h.questions.Close() // it may have been killed
	if !h.ends() {
		h.kill()
		if !h.ends() {
			return fmt.Errorf("process %d, which looks into /proc, cannot be killed", h.cmd.Process.Pid)
		}
	}
	_ = h.answers.Close()
	return nil
}

func (h *helper) ends() bool {
	select {
	case <-h.ended:
		return true
	case <-time.After(h.grace):
		return false
	}
}
