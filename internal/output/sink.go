package output

import "io"

// Sink is what a report is written to.
type Sink interface {
	io.Writer
	Close() error // when the report is whole
	Discard()     // when it will not be
}

// Open is a Sink that stays open, as standard output does.
type Open struct{ io.Writer }

// Close does nothing.
func (Open) Close() error { return nil }

// Discard does nothing: what is written cannot be taken back.
func (Open) Discard() {}

// Behind is a file that is written behind the caller's back. It is closed or discarded with the Sink.
func Behind(f *File) Sink { return &behind{NewWriter(f), f} }

// BehindOpen is Behind for what stays open.
func BehindOpen(w io.Writer) Sink { return &behind{NewWriter(w), Open{w}} }

// behind is a Sink in front of another.
type behind struct {
	*Writer
	sink Sink
}

// Close waits for what is not written yet.
func (b *behind) Close() error {
	if err := b.Writer.Close(); err != nil {
		b.sink.Discard()
		return err
	}
	return b.sink.Close()
}

// Discard waits for what is not written yet, and removes it.
func (b *behind) Discard() {
	b.Writer.Close() // what it could not write is not wanted
	b.sink.Discard()
}
