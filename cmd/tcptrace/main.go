// Command tcptrace reads packet captures and reports what every TCP connection in them did.
//
// It has the commands and their flags, one file for each command, and decides what is opened, in which order, and with which status to exit.
//
// Not its job: any knowledge of TCP (package analyzer), and the forms of output (package report).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tcptrace/internal/complete"
	"tcptrace/internal/console"
	"tcptrace/internal/interrupt"
	"tcptrace/internal/names"
	"tcptrace/internal/output"
	"tcptrace/internal/remote"
	"tcptrace/internal/twopass"
	"tcptrace/report"
)

// Exit codes that scripts rely on.
const (
	exitDone        = 0
	exitFailedCheck = 1 // a check did not hold, or tcptrace itself failed (a full disk)
	exitUsage       = 2
	exitBadInput    = 3 // an input could not be read, or only in part; the rest was reported
	exitInterrupted = 130
)

// env is what a command touches of the world.
type env struct {
	in       io.Reader
	out, err io.Writer // for text: nothing that comes from a capture or a file is obeyed by a terminal behind them
	raw      io.Writer // what out is, for what programs read
	bar      io.Writer // what err is, for the progress bar
	outTTY   bool
	errTTY   bool
	commands bool // a CI system looks for commands in what is written
	width    int  // columns of the terminal behind out; 0: no terminal
	height   int  // its lines
	files    *output.Files
	services string // the file with the names of ports; "": there is none
}

// say writes a message to standard error.
func (e *env) say(format string, args ...any) {
	fmt.Fprintf(e.err, "tcptrace: %s\n", console.Lines(fmt.Sprintf(format, args...)))
}

// exitError carries the exit code of an error. A nil cause was reported already.
type exitError struct {
	code  int
	cause error
}

func (e *exitError) Error() string {
	if e.cause == nil {
		return ""
	}
	return e.cause.Error()
}

func (e *exitError) Unwrap() error { return e.cause }

func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // it is by nohup
		ends = append(ends, syscall.SIGHUP)
	}
	ctx := interrupt.Context(func() { os.Exit(exitInterrupted) }, ends...)
	e := env{in: os.Stdin, out: os.Stdout, err: os.Stderr, services: names.ServicesFile}
	e.commands = console.Commands()
	e.outTTY, e.errTTY = term.IsTerminal(int(os.Stdout.Fd())), term.IsTerminal(int(os.Stderr.Fd()))
	if e.outTTY {
		e.width, e.height, _ = term.GetSize(int(os.Stdout.Fd()))
	} else {
		e.out = interrupt.NewWriter(ctx, os.Stdout)
	}
	if !e.errTTY {
		e.err = interrupt.NewWriter(ctx, os.Stderr)
	}
	os.Exit(run(ctx, os.Args[1:], e))
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, e env) int {
	e.files = &output.Files{}
	behind := e.out
	if w, ok := behind.(*interrupt.Writer); ok {
		behind = w.Unwrap()
	}
	e.files.Stdout, _ = behind.(*os.File)
	e.raw, e.out = e.out, console.NewLog(e.out, e.commands)
	e.bar, e.err = e.err, console.NewLog(e.err, e.commands)
	defer e.files.Discard()
	cmd := newRootCommand(e)
	args = remote.Take(args)
	cmd.SetArgs(args)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		complete.Register(cmd)
	}
	ran, err := cmd.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		if errors.Is(err, interrupt.ErrStuck) {
			e.say("the output is not whole: nothing took it")
		}
		return exitInterrupted
	}
	code := exitFailedCheck
	if x := (*exitError)(nil); errors.As(err, &x) {
		code = x.code
	} else if x := (*report.ExpressionError)(nil); errors.As(err, &x) {
		code = exitUsage
	} else if x := (*twopass.NoStreamError)(nil); errors.As(err, &x) {
		code = exitUsage
	}
	if msg := err.Error(); msg != "" {
		e.say("%s", msg)
	}
	if code == exitUsage && err.Error() != "" {
		fmt.Fprintf(e.err, "Try '%s --help'.\n", ran.CommandPath())
	}
	return code
}
