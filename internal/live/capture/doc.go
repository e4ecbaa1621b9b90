// Package capture takes frames from network interfaces: through libpcap, or on Linux by several rings at once, or without
// cgo from packet sockets (packet(7)). A Capture is an input.Source that never ends by itself.
//
// The kernel writes into a ring that is mapped into the process, and a goroutine for each
// ring copies what came from there into batches, so that a reader that is busy for a moment
// loses nothing while the ring has room. What several rings or interfaces have is put in order of time.
//
// Also here: which interfaces there are (List), what to do when they may not be opened
// (Permission), and giving up all rights that are not needed any more (Drop).
//
// Not its job: looking into frames.
package capture
