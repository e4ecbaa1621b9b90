// Package peers has tests that compare what tcptrace says with what other programs say about the same
// captures: Ostermann's tcptrace and tshark. Where they differ, a test knows the reason, and the documentation names
// it ('tcptrace fields'). The tests are skipped where a program is not installed.
//
// It has only tests.
//
// Not its job: deciding who is right, which the kernel's log (package kernel) and golden captures do.
package peers
