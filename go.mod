module tcptrace

go 1.26
