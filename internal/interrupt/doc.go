// Package interrupt ends what blocks when a context does: opening a FIFO, reading from a silent pipe, writing to a full one. The system
// call itself goes on in a goroutine, which is left behind: the program is about to end.
//
// Not its job: to decide what a command does then.
package interrupt
