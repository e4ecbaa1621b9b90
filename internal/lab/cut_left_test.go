package lab_test

// left is what the cuts still find, by kind: how often. It is a debt, to be paid kind by kind: a number may be lowered,
// and none added or raised. Most are closes of which so little is left that nothing tells which side's FIN waited for its turn.
var left = map[string]int{
	"begin: bracket: CLOSE_WAIT of N is acknowledged (frame N) at a time that the whole (acknowledged, frame N) does not allow": 1,
	"begin: lost: N showed by frame N that it was in SYN_RCVD, and that is left":                                                1,
	"begin: step: CLOSE_WAIT of N is acknowledged (frame N)":                                                                    2,
	"begin: step: CLOSING of N is acknowledged (frame N)":                                                                       1,
	"begin: step: FIN_WAIT_# of N is sent (frame N)":                                                                            1,
	"begin: step: LAST_ACK of N is sent (frame N)":                                                                              2,
	"end: step: CLOSE_WAIT of N is acknowledged (frame N)":                                                                      2,
	"skip: step: CLOSE_WAIT of N is acknowledged (frame N)":                                                                     1,
	"third: lost: N showed by frame N that it was in CLOSED, and that is left":                                                  1,
	"third: step: CLOSE_WAIT of N is acknowledged (frame N)":                                                                    1,
	"third: step: CLOSING of N is acknowledged (frame N)":                                                                       3,
	"third: step: FIN_WAIT_# of N is sent (frame N)":                                                                            3,
	"third: step: LAST_ACK of N is sent (frame N)":                                                                              1,
}
