// Package dump writes captures: the packets of chosen conversations to one file (File), and those of a
// live capture to a file or a series of files (Writer), in parallel with the capture, which never waits. A Keeper
// holds the latest packets of every conversation until it is known whether they are wanted.
//
// Files are pcap or pcapng with times in nanoseconds. encoder knows both formats; everything else only divides its
// output into files.
//
// Not its job: choosing packets, or looking into them.
package dump
