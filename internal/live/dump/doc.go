// Package dump writes captures: the packets of chosen conversations to one file (File), and those of a
// live capture to a file or a series of them, beside the capture, which never waits (Writer). A Keeper
// holds the last packets of every conversation until it is known whether they are wanted.
//
// Files are pcap or pcapng with times in nanoseconds. encoder knows both formats; the rest only cuts what
// it returns into files.
//
// Not its job: to choose packets, or to look into them.
package dump
