package twopass

import (
	"fmt"
	"io"
	"os"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// Rewindable checks that every input can be read twice, and returns how to make standard input, in, ready to be read again.
// command is how the user calls the command.
func Rewindable(command string, inputs []string, in io.Reader) (rewind func() error, err error) {
	rewind = func() error { return nil }
	for _, name := range inputs {
		if name != "-" {
			if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
				return nil, onlyOnce(command, name)
			}
			continue
		}
		file, ok := in.(*os.File)
		if !ok {
			return nil, onlyOnce(command, "standard input")
		}
		info, err := file.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return nil, onlyOnce(command, "standard input")
		}
		start, err := file.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, onlyOnce(command, "standard input")
		}
		rewind = func() error {
			_, err := file.Seek(start, io.SeekStart)
			return err
		}
	}
	return rewind, nil
}

func onlyOnce(command, input string) error {
	return fmt.Errorf("%s reads its input twice, but %s can be read only once: save it to a file first", command, input)
}

// Begun is src, and notes in begin when the first packet was captured.
func Begun(src input.Source, begin *analyzer.Time) input.Source {
	return &begunSource{Source: src, begin: begin}
}

type begunSource struct {
	input.Source
	begin *analyzer.Time
	begun bool
}

func (s *begunSource) Next(b *packet.Batch) error {
	err := s.Source.Next(b)
	if err == nil && !s.begun {
		*s.begin, s.begun = analyzer.Time(b.Packets[0].Time), true
	}
	return err
}
