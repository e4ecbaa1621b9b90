-- tcptrace: a plugin for Wireshark, written by 'tcptrace wireshark install'.
--
-- It shows what 'tcptrace timeline' says of each TCP segment of the open capture, as fields for columns, display filters and colouring
-- rules. It runs tcptrace on the file that Wireshark has open, or reads what 'tcptrace timeline --format ndjson -o FILE' saved.
-- Wireshark 3.6 or later.

local tcptrace = Proto("tcptrace", "tcptrace")

local anomalies = {} -- by name, of the notes that are anomalies
for name in ("@ANOMALIES@"):gmatch("%S+") do anomalies[name] = true end

local fields = {
	client = ProtoField.string("tcptrace.client.state", "Client state"),
	server = ProtoField.string("tcptrace.server.state", "Server state"),
	client_evidence = ProtoField.string("tcptrace.client.evidence", "Client evidence"),
	server_evidence = ProtoField.string("tcptrace.server.evidence", "Server evidence"),
	evidence = ProtoField.string("tcptrace.evidence", "Evidence"), -- of the sender's state
	stream = ProtoField.uint64("tcptrace.stream", "Stream"),
	kind = ProtoField.string("tcptrace.kind", "Kind"),
	cause = ProtoField.string("tcptrace.cause", "Cause"),
	spurious = ProtoField.string("tcptrace.spurious", "Spurious"),
	anomaly = ProtoField.string("tcptrace.anomaly", "Anomaly"),
	note = ProtoField.string("tcptrace.note", "Note"),
}
local list = {}
for _, f in pairs(fields) do list[#list + 1] = f end
tcptrace.fields = list

tcptrace.prefs.program = Pref.string("Program", "@PROGRAM@", "The program to run")
tcptrace.prefs.timeline = Pref.string("Saved timeline", "", "A file that 'tcptrace timeline --format ndjson -o FILE' wrote; empty: the program is run")
tcptrace.prefs.capture = Pref.string("Capture", "", "The open capture, where it cannot be found out (not needed on Linux)")

local epoch = Field.new("frame.time_epoch")
local source_port, destination_port = Field.new("tcp.srcport"), Field.new("tcp.dstport")
local addresses = { { Field.new("ip.src"), Field.new("ip.dst") }, { Field.new("ipv6.src"), Field.new("ipv6.dst") } }

local most = 20000000 -- segments that are held
local loaded, said = false, false
local segments, times = {}, {} -- by frame: what is said of it; its time in microseconds
local ids = {} -- by number of the conversation: its Community ID
local known = {} -- by addresses and ports: the same, worked out

-- say says in one line why there is nothing to show, once a capture.
local function say(text)
	if said then return end
	said = true
	report_failure("tcptrace: " .. text)
end

-- quoted is a word as a shell takes it, whatever is in it.
local function quoted(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

-- found is a script that makes $file the capture that Wireshark, the parent of the shell, has open for reading. Its name is never seen: a
-- name may be anything. It ends with 90: there is none, 91: there are several, 92: it is being captured, 93: there is no /proc.
local found = [==[
[ -d /proc/$PPID/fd ] || exit 93
for p in /proc/[0-9]*; do
	read -r s 2>/dev/null <$p/stat || continue
	case $s in *'(dumpcap) '?" $PPID "*) exit 92;; esac
done
file=
for n in /proc/$PPID/fd/*; do
	[ -f "$n" ] && [ -r "$n" ] || continue
	case $(sed -n 's/^flags:[[:space:]]*//p' /proc/$PPID/fdinfo/${n##*/} 2>/dev/null) in *[12]) continue;; esac
	case $(od -An -tx1 -N4 "$n" 2>/dev/null | tr -d ' ') in
	0a0d0d0a|d4c3b2a1|a1b2c3d4|4d3cb2a1|a1b23c4d|34cdb2a1|a1b2cd34|736e6f6f|1f8b*|28b52ffd|04224d18) ;;
	*) continue;;
	esac
	[ -z "$file" ] || [ "$n" -ef "$file" ] || exit 91
	file=$n
done
[ -n "$file" ] || exit 90
]==]

-- genuine is a script that ends with 94 if the program is another of the same name.
local genuine = [==[
version=$(PROGRAM --version 2>/dev/null) || case $? in 126|127) exit $?;; esac
case $version in 'tcptrace '*) ;; *) exit 94;; esac
]==]

-- reasons say what the script, or the program, ended with.
local reasons = {
	[90] = "only captures in files are analyzed, and none is open",
	[91] = "several captures are open: set the preference tcptrace.capture",
	[92] = "a live capture is not analyzed: save it, and open the file",
	[94] = "the program that was found is not this tcptrace (Debian's package of that name is another): set the preference tcptrace.program to its path",
	[93] = "the open file cannot be found out here: set the preference tcptrace.capture or tcptrace.timeline",
	[126] = "the program cannot be run: set the preference tcptrace.program",
	[127] = "the program is not there: set the preference tcptrace.program",
}

-- microseconds is the time of a record, 2006-01-02T15:04:05.999999999Z, since 1970.
local function microseconds(text)
	local y, m, d, hour, min, sec, us = text:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)%.?(%d?%d?%d?%d?%d?%d?)")
	if not y then return nil end
	y, m = tonumber(y), tonumber(m)
	if m <= 2 then y, m = y - 1, m + 12 end -- the year begins in March
	local days = 365 * y + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400) + math.floor((153 * (m - 3) + 2) / 5) + tonumber(d) - 719469
	us = us .. ("0"):rep(6 - #us)
	return ((days * 24 + tonumber(hour)) * 60 + tonumber(min)) * 60e6 + tonumber(sec) * 1e6 + tonumber(us)
end

-- take takes a line of the timeline. In strings of others' text every quotation mark is behind a backslash, so that no pattern finds it.
local function take(line)
	local frame = tonumber(line:match('"frame":(%d+)'))
	if not frame then return false end
	local function word(name) return line:match('"' .. name .. '":"([^"\\]*)"') or "" end
	times[frame] = microseconds(word("time"))
	local stream = line:match('"stream":(%d+)') or ""
	if not ids[stream] then ids[stream] = word("community_id") end
	segments[frame] = table.concat({
		stream, word("from"), word("client"), word("server"), word("client_evidence"), word("server_evidence"),
		word("kind"), word("cause"), line:match('"spurious":(%l+)') or "", (line:match('"notes":%[([^%]]*)%]') or ""):gsub('"', ""), "",
	}, "|")
	return true
end

-- read takes all lines of a file or of a program.
local function read(file)
	local n = 0
	for line in file:lines() do
		if n >= most then
			say("there are more than " .. most .. " segments: those after them have no fields")
			break
		end
		if not take(line) then return false end
		n = n + 1
	end
	return true
end

-- load gets the timeline of the open capture.
local function load()
	loaded, segments, times, ids = true, {}, {}, {}
	local prefs = tcptrace.prefs
	if prefs.timeline ~= "" then
		local file, err = io.open(prefs.timeline, "r")
		if not file then return say("the saved timeline cannot be read: " .. err:gsub("%c", "?")) end
		if not read(file) then say("the saved timeline is none: 'tcptrace timeline FILE --format ndjson -o SAVED' makes one") end
		file:close()
		return
	end
	if package.config:sub(1, 1) ~= "/" then -- no text is safe from cmd.exe
		return say("set the preference tcptrace.timeline: on Windows the program is not run")
	end
	local script = found
	if prefs.capture ~= "" then
		script = "file=" .. quoted(prefs.capture) .. "; [ -f \"$file\" ] || exit 90\n"
	end
	local program = io.popen(script .. genuine:gsub("PROGRAM", function() return quoted(prefs.program) end) .. "exec " .. quoted(prefs.program) .. ' timeline --format ndjson --progress off -- "$file" 2>/dev/null', "r")
	if not program then return say("no program can be run") end
	local whole = read(program)
	local _, _, code = program:close()
	if reasons[code] then
		say(reasons[code])
	elseif code == 3 then
		say("the capture is damaged or cut: what could be read is shown")
	elseif code ~= 0 and code ~= nil and code ~= 141 or not whole then
		say("the program failed on this capture: run 'tcptrace timeline' on it")
	end
end

function tcptrace.init() loaded, said, segments, times, ids, known = false, false, {}, {}, {}, {} end

-- Operations on bits, of whatever Lua there is.
local operations = bit32 or bit or load([[return {
	band = function(a, b) return a & b end, bor = function(a, b) return a | b end, bxor = function(a, b) return a ~ b end,
	bnot = function(a) return ~a & 0xffffffff end, lrotate = function(a, n) return (a << n | a >> 32 - n) & 0xffffffff end }]])()
local band, bor, bxor, bnot, rotate = operations.band, operations.bor, operations.bxor, operations.bnot, operations.lrotate or operations.rol

-- sha1 is the digest of a text of less than 119 bytes (RFC 3174).
local function sha1(text)
	local bits = #text * 8
	text = text .. "\128" .. ("\0"):rep((55 - #text) % 64) .. "\0\0\0\0\0\0" .. string.char(math.floor(bits / 256), bits % 256)
	local h = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 }
	for block = 1, #text, 64 do
		local w = {}
		for i = 0, 15 do
			local a, b, c, d = text:byte(block + 4 * i, block + 4 * i + 3)
			w[i] = ((a * 256 + b) * 256 + c) * 256 + d
		end
		for i = 16, 79 do w[i] = rotate(bxor(bxor(w[i - 3], w[i - 8]), bxor(w[i - 14], w[i - 16])), 1) end
		local a, b, c, d, e = h[1], h[2], h[3], h[4], h[5]
		for i = 0, 79 do
			local f, k
			if i < 20 then f, k = bor(band(b, c), band(bnot(b), d)), 0x5a827999
			elseif i < 40 then f, k = bxor(bxor(b, c), d), 0x6ed9eba1
			elseif i < 60 then f, k = bor(bor(band(b, c), band(b, d)), band(c, d)), 0x8f1bbcdc
			else f, k = bxor(bxor(b, c), d), 0xca62c1d6 end
			a, b, c, d, e = (rotate(a, 5) + f + e + k + w[i]) % 2 ^ 32, a, rotate(b, 30), c, d
		end
		for i, v in ipairs({ a, b, c, d, e }) do h[i] = (h[i] + v) % 2 ^ 32 end
	end
	local digest = ""
	for i = 1, 5 do
		local v = h[i]
		digest = digest .. string.char(math.floor(v / 2 ^ 24) % 256, math.floor(v / 2 ^ 16) % 256, math.floor(v / 256) % 256, math.floor(v) % 256)
	end
	return digest
end

local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- base64 is a digest as text.
local function base64(digest)
	return ((digest .. "\0"):gsub("...", function(three)
		local a, b, c = three:byte(1, 3)
		local v, text = (a * 256 + b) * 256 + c, ""
		for shift = 18, 0, -6 do
			local n = math.floor(v / 2 ^ shift) % 64 + 1
			text = text .. letters:sub(n, n)
		end
		return text
	end):sub(1, 27)) .. "="
end

-- last is what the innermost of the fields holds, as bytes; nil: there is none.
local function last(field)
	local all = { field() }
	return #all > 0 and all[#all].range:raw() or nil
end

-- communityID is that of the flow between two sockets, each the bytes of an address and of a port.
local function communityID(from, from_port, to, to_port)
	if from .. from_port > to .. to_port then from, from_port, to, to_port = to, to_port, from, from_port end
	local key = from .. from_port .. to .. to_port
	if not known[key] then known[key] = "1:" .. base64(sha1("\0\0" .. from .. to .. "\6\0" .. from_port .. to_port)) end
	return known[key]
end

-- is reports whether the packet at hand is one of the conversation with that Community ID, as far as Wireshark shows addresses and ports.
local function is(id)
	local from_port, to_port = last(source_port), last(destination_port)
	if not from_port or not to_port or id == "" then return true end
	local any = false
	for _, of in ipairs(addresses) do
		local from, to = last(of[1]), last(of[2])
		if from and to then
			if communityID(from, from_port, to, to_port) == id then return true end
			any = true
		end
	end
	return not any
end

function tcptrace.dissector(tvb, pinfo, tree)
	if not loaded then load() end
	local frame = pinfo.number
	local text = segments[frame]
	if not text then return end
	local at = epoch()
	if at and times[frame] and math.abs(at.value.secs * 1e6 + math.floor(at.value.nsecs / 1e3) - times[frame]) > 1
		or not is(ids[text:match("^(.-)|")] or "") then
		segments = {}
		return say("the capture is not the one that was analyzed, or has changed: reload it, or save its timeline anew")
	end
	local stream, from, client, server, client_evidence, server_evidence, kind, cause, spurious, notes =
		text:match("^(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|")
	local branch = tree:add(tcptrace)
	local function add(field, value)
		if value ~= "" then branch:add(field, value):set_generated() end
	end
	add(fields.stream, UInt64.new(tonumber(stream)))
	add(fields.client, client)
	add(fields.server, server)
	add(fields.client_evidence, client_evidence)
	add(fields.server_evidence, server_evidence)
	add(fields.evidence, from == "client" and client_evidence or server_evidence)
	add(fields.kind, kind)
	add(fields.cause, cause)
	add(fields.spurious, spurious)
	for name in notes:gmatch("[^,]+") do
		add(anomalies[name] and fields.anomaly or fields.note, name)
	end
end

register_postdissector(tcptrace)
