package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tcptrace/internal/console"
	"tcptrace/internal/interrupt"
	"tcptrace/internal/output"
)

// sink is what a command writes its report to.
type sink = output.Sink

// openOutput opens the file of a flag such as -o, or standard output, unless it is an input or another output. What is
// neither closed nor discarded when the command ends is discarded.
func openOutput(flag, path string, inputs []string, e env) (sink, error) {
	e.reads(inputs)
	if path == "" || path == "-" {
		return output.Open{Writer: e.raw}, e.usesStdout()
	}
	f, err := e.files.Create(flag, path)
	if err != nil {
		return nil, outputError(err)
	}
	return output.Behind(f), nil
}

// openText is openOutput for text that people read.
func openText(flag, path string, inputs []string, e env) (sink, error) {
	out, err := openOutput(flag, path, inputs, e)
	if err != nil {
		return nil, err
	}
	return text{out, console.NewLog(out, e.commands && (path == "" || path == "-"))}, nil
}

// openReport opens the output of -o: of text if people read it.
func openReport(people bool, path string, inputs []string, e env) (sink, error) {
	if people {
		return openText("-o", path, inputs, e)
	}
	return openOutput("-o", path, inputs, e)
}

// text is a sink behind which there may be a terminal.
type text struct {
	sink
	console *console.Writer
}

func (t text) Write(p []byte) (int, error)       { return t.console.Write(p) }
func (t text) WriteStyled(p []byte) (int, error) { return t.console.WriteStyled(p) }

// checkOutput tells early that an output is one of the inputs.
func checkOutput(flag, path string, inputs []string) error {
	if path == "" || path == "-" {
		return nil
	}
	var files output.Files
	for _, in := range inputs {
		files.Input(in)
	}
	return outputError(files.Check(flag, path))
}

// checkBinary refuses to write what is not text to a terminal.
func checkBinary(format string, binary bool, path string, e env) error {
	if binary && e.outTTY && (path == "" || path == "-") {
		return usageError("--format %s is not for a terminal: write it to a file with -o FILE", format)
	}
	return nil
}

// outputError is err, which is the user's if what was asked for contradicts itself.
func outputError(err error) error {
	if errors.Is(err, output.ErrConflict) {
		return &exitError{exitUsage, err}
	}
	return err
}

// reads notes the inputs, so that no output is one of them.
func (e *env) reads(inputs []string) {
	for _, in := range inputs {
		if in != "-" {
			e.files.Input(in)
		} else if f, ok := e.in.(*os.File); ok {
			e.files.InputOpen(f)
		}
	}
}

// openHosts opens the file of --hosts, which is an input of cmd like any other.
func (e *env) openHosts(cmd *cobra.Command) func(path string) (io.ReadCloser, error) {
	return func(path string) (io.ReadCloser, error) {
		e.reads([]string{path})
		f, err := interrupt.Open(cmd.Context(), path, os.Open)
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{interrupt.NewReader(cmd.Context(), f), f}, nil
	}
}

// usesStdout notes that standard output is written.
func (e *env) usesStdout() error {
	if f := e.files.Stdout; f != nil {
		return outputError(e.files.Output("standard output", f))
	}
	return nil
}

// finish ends an output, unless it is not whole because of err.
func finish(out sink, err error) error {
	if err != nil {
		out.Discard()
		return err
	}
	return out.Close()
}

// end is finish for the output of a pass that ended with err. One that was interrupted has shown what there was until then.
func end(ctx context.Context, out sink, err, flushed error) error {
	if err != nil && interrupted(ctx, err) == err {
		flushed = err
	}
	return finish(out, flushed)
}
