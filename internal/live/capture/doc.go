// Package capture takes frames from network interfaces: through libpcap, or, on Linux, from packet sockets (packet(7)), if
// several rings are used or cgo is not available. A Capture is an input.Source that never ends by itself.
//
// The kernel writes into a ring that is mapped into the process, and a goroutine for each
// ring copies the frames into batches, so that a reader that is busy for a moment
// loses nothing while the ring has room. Frames of several rings or interfaces are merged by time.
//
// Also here: listing the interfaces (List), what to do if they may not be opened
// (Permission), and giving up all privileges that are no longer needed (Drop).
//
// Not its job: looking into frames.
package capture
