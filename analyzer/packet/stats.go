package packet

import "fmt"

// Stats is what a source knows beside its packets.
type Stats struct {
	Errors []*Error // one for each input that could not be read to its end; what came before was delivered

	// Warnings are about what in an input cannot be meant: one for each input that was read with something else in its place.
	Warnings []*Error

	Drops uint64 // packets that the capturing side says it lost (interface statistics)
	Drop  bool   // whether any input said how many were lost

	Comments uint64 // beside packets, in pcapng

	OtherFrames uint64 // records that hold no packet and have frame numbers (Packet.Behind), with those behind the last packet
}

// Error says where and why an input could not be read any further.
type Error struct {
	File   string // "-" for standard input
	Offset int64  // of the record, in the file or in the uncompressed stream if Packed; -1 if it is about the whole, as where it could not be opened
	Packed bool   // the input is compressed
	Reason string // in plain words
	Err    error  // the cause, or nil
}

func (e *Error) Error() string {
	switch {
	case e.Offset < 0:
		return fmt.Sprintf("%s: %s", e.File, e.Reason)
	case e.Packed:
		return fmt.Sprintf("%s: at offset %d of the uncompressed data: %s", e.File, e.Offset, e.Reason)
	}
	return fmt.Sprintf("%s: at offset %d: %s", e.File, e.Offset, e.Reason)
}

func (e *Error) Unwrap() error { return e.Err }
