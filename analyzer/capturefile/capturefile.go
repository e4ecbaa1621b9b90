// Package capturefile opens captures for an analysis: pcap, pcapng, snoop and ERF, plain or compressed with gzip, zstd or lz4.
//
// Not its job: to decode what it reads, or to say what happened in it.
package capturefile

import (
	"io"
	"os"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// File is the packets of one or several captures, in order of time. It belongs to one goroutine.
type File struct{ source input.Source }

// Open returns the packets of all captures at paths as one; - is standard input. It never fails: an input that cannot be opened, is damaged or cut short
// is a *packet.Error in Stats, which analyzer.Read hands on, and what can be read is read. Close the File after use.
func Open(paths ...string) *File { return &File{input.Open(paths, input.Options{Stdin: os.Stdin})} }

// NewReader returns the packets of the capture that r has, until its end.
func NewReader(r io.Reader) *File { return &File{input.Open([]string{"-"}, input.Options{Stdin: r})} }

// Next implements packet.Source.
func (f *File) Next(b *packet.Batch) error { return f.source.Next(b) }

// Stats implements packet.Reporter.
func (f *File) Stats() packet.Stats { return f.source.Stats() }

// Interface implements packet.Namer.
func (f *File) Interface(number uint16) string { return f.source.Interface(number) }

// SnapLen implements packet.Snapper.
func (f *File) SnapLen(number uint16) uint32 { return f.source.SnapLen(number) }

// Close closes the files. It does not close a reader.
func (f *File) Close() error { return f.source.Close() }
