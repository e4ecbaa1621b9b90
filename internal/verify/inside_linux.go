package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"tcptrace/internal/verify/record"
)

// ending is for how long a program that was interrupted may go on.
const ending = 5 * time.Second

// runInside has a program compare in a user namespace of its own, tells its steps, and reads its report.
func runInside(ctx context.Context, program *exec.Cmd, tell func(done, total int)) (*record.Report, error) {
	runtime.LockOSThread() // the program is killed when the thread ends that started it
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, program.Path)
	cmd.Args, cmd.Env = program.Args, program.Env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = ending
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER, Pdeathsig: syscall.SIGKILL,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	var out bytes.Buffer
	told := &toldInside{tell: tell}
	cmd.Stdout, cmd.Stderr = &out, told
	failed := cmd.Run()
	var r record.Report
	if err := json.Unmarshal(out.Bytes(), &r); err == nil { // it fails on false proofs
		return &r, nil
	}
	if text := told.text(); text != "" {
		return nil, errors.New(text)
	}
	if failed == nil {
		failed = fmt.Errorf("%d bytes are no report", out.Len())
	}
	return nil, failed
}
