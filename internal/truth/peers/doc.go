// Package peers holds tests that compare what tcptrace says with what other programs say of the same
// captures: Ostermann's tcptrace and tshark. Where they differ, a test knows the reason, and the documentation names
// it ('tcptrace fields'). The tests are skipped where a program is not installed.
//
// It has no code but tests, and judges nothing by itself: who is right is decided elsewhere, by the kernel's
// log (package kernel) and by golden captures.
package peers
