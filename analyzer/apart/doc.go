// Package apart analyzes the files of one capture apart, on as many machines as there are, and completes the conversations that cross from
// one file to another, so that the conversations are those of one analysis of all files.
//
// There are three steps. [Analyze] reads one file, hands out the conversations that are over by its end or at a certain time, and says of which sockets there
// is anything, and which are open when (Outline.Sockets, Outline.Open). Once that is known of all files, [Layout.Crossing] says which sockets cross from
// one to another, or of a share of all sockets if there are many ([Outline.Shares]): what Analyze handed out of those is to be dropped; [Pack] reads a
// file once more, for their segments only, and packs them in bundles; [Joiner.Join] gets what was packed of two sockets in all files, and hands out their conversations.
//
// That works since what becomes of a conversation depends on the segments of its own sockets and the time, and little else. What else there is goes
// along with the segments (whether a frame like one passed just before, or others displaced what is remembered of a payload; ICMP errors; names), or is
// left out, and beam/README.md says so: the bounds on all conversations together, names that the DNS gave in another file, IP fragments in two files.
//
// Not its job: to read files, to send anything from machine to machine, to write records.
package apart
