// Package reuse decides whether a segment on the sockets of a connection is of that connection, or of another that uses the sockets before or
// after it: whether its numbers fit ([Fits], [Strays]), what a SYN or SYN-ACK begins ([JudgeSYN]), and what follows tells about
// segments that are held meanwhile ([Held]).
//
// Non-goals: to find the connection of some sockets, and to do anything about the verdict (package flow). Nothing here changes a connection.
package reuse
