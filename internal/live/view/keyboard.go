package view

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/term"
)

// Keyboard is where keys come from: in, if that is a terminal, else the terminal of the process, since a capture may come through in.
// What is not a file is taken as it is. It is opened before the process gives up its rights.
func Keyboard(in io.Reader) (io.Reader, error) {
	if f, ok := in.(*os.File); !ok || term.IsTerminal(int(f.Fd())) {
		return in, nil
	}
	name := "/dev/tty"
	if runtime.GOOS == "windows" {
		name = "CONIN$"
	}
	tty, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("no terminal to take keys from: %w", err)
	}
	return tty, nil
}
