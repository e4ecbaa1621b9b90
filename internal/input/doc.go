// Package input reads captures: pcap and pcapng, plain or compressed, from
// files and from standard input, several files merged into one trace.
//
// Frames are not copied one by one: input is read in chunks of 1 MiB, and a
// packet is an offset into the chunk. One reader serves files, pipes and
// decompressors.
//
// Not its job: looking into frames. Damage is reported with file, offset and
// reason, and everything before it is delivered.
package input
