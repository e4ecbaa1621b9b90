// Package check holds captures against what is expected of them: it finds captures and the expectations beside
// them, analyzes them side by side, and reports what differs.
//
// Beside X.pcap stands X.expect.yaml, in the language of package expect. For a directory all captures below it
// are checked. A capture without an expectation is held against the rules of the command line and of the nearest
// .tcptrace.yaml above it, if there are any.
//
// What is wrong with one capture or expectation never keeps the others from being checked.
//
// Not its job: to know what an expectation means: that is for expect.
package check
