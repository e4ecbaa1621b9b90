package packet

import "fmt"

// Stats is what a source knows about a capture besides its packets.
type Stats struct {
	Errors []*Error // one for each input that could not be read to its end; everything before that was delivered

	// Warnings are about impossible values, one for each input that was read with a substitute for them.
	Warnings []*Error

	Drops uint64 // packets that the capturing side says it lost (interface statistics)
	Drop  bool   // whether any input said how many were lost

	Comments uint64 // packet comments in pcapng

	OtherFrames uint64 // records that hold no packet but have frame numbers (Packet.Behind), including those after the last packet
}

// Error says where and why reading an input ended early.
type Error struct {
	File   string // "-" for standard input
	Offset int64  // of the record, in the file or, if Packed, in the uncompressed stream; -1 if the error is not at a particular place, for example if the file could not be opened
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
