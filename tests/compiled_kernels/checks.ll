; What the checked build does at every index and every access of memory.
;
; Each place of the data has a cell of six records, three of writes and three of reads: two of the last moment at which
; there were any, by different threads, a bare one first; and an earlier one of this launch. A record is
; site + (atomic << 19) + (thread << 20) + (moment << 30). The first of them is 0 where there is no array, 1 where nobody
; has written, 2 where the host has.

define internal void @lane_index(i64 %index, i64 %length, i64 %site) alwaysinline {
  %inside = icmp ult i64 %index, %length
  br i1 %inside, label %well, label %wrong
well:
  ret void
wrong:
  call void @lane_fault(i64 3, i64 %site, i64 %index, i64 %length)
  unreachable
}

; Of a place in the data; null for places elsewhere, as are a thread's own.
define internal ptr @lane_cell(ptr %place) alwaysinline {
  %data.at = getelementptr %state, ptr @lane_state, i32 0, i32 22
  %data = load i64, ptr %data.at
  %address = ptrtoint ptr %place to i64
  %offset = sub i64 %address, %data
  %bytes.at = getelementptr %state, ptr @lane_state, i32 0, i32 23
  %bytes = load i64, ptr %bytes.at
  %inside = icmp ult i64 %offset, %bytes
  br i1 %inside, label %well, label %elsewhere
well:
  %wide.at = getelementptr %state, ptr @lane_state, i32 0, i32 25
  %wide = load i64, ptr %wide.at
  %is.wide = icmp ult i64 %offset, %wide
  %quarter = lshr i64 %offset, 2
  %beyond = sub i64 %offset, %wide
  %wide.cells = lshr i64 %wide, 2
  %narrow = add i64 %wide.cells, %beyond
  %cell = select i1 %is.wide, i64 %quarter, i64 %narrow
  %shadow.at = getelementptr %state, ptr @lane_state, i32 0, i32 24
  %shadow = load ptr, ptr %shadow.at
  %found = getelementptr [6 x i64], ptr %shadow, i64 %cell
  ret ptr %found
elsewhere:
  ret ptr null
}

; Whether two accesses have no order: another block's of this launch, or another thread's since the last barrier.
define internal i1 @lane_clash(i64 %one, i64 %now) alwaysinline {
  %moment = lshr i64 %one, 30
  %launch.at = getelementptr %state, ptr @lane_state, i32 0, i32 10
  %launch = load i64, ptr %launch.at
  %recent = icmp uge i64 %moment, %launch
  %first.at = getelementptr %state, ptr @lane_state, i32 0, i32 11
  %first = load i64, ptr %first.at
  %block = icmp ult i64 %moment, %first
  %difference = xor i64 %one, %now
  %since = lshr i64 %difference, 30
  %same.moment = icmp eq i64 %since, 0
  %who = lshr i64 %difference, 20
  %other = icmp ne i64 %who, 0
  %unordered = and i1 %same.moment, %other
  %either = or i1 %block, %unordered
  %both = and i64 %one, %now
  %atomic = and i64 %both, 524288
  %torn = icmp eq i64 %atomic, 0
  %meet = and i1 %recent, %either
  %clash = and i1 %meet, %torn
  ret i1 %clash
}

define internal void @lane_hold_against(ptr %records, i64 %now, ptr %place) alwaysinline {
entry:
  %site = and i64 %now, 524287
  %at = ptrtoint ptr %place to i64
  br label %next
next:
  %i = phi i64 [ 0, %entry ], [ %after, %well ]
  %record.at = getelementptr i64, ptr %records, i64 %i
  %record = load i64, ptr %record.at
  %clash = call i1 @lane_clash(i64 %record, i64 %now)
  br i1 %clash, label %wrong, label %well
wrong:
  call void @lane_fault(i64 6, i64 %site, i64 %at, i64 %record)
  unreachable
well:
  %after = add i64 %i, 1
  %more = icmp ult i64 %after, 3
  br i1 %more, label %next, label %end
end:
  ret void
}

; Keep a record. Two of a moment are enough for all that comes at that moment: whoever comes is another thread than one of
; them, and an atomic access can meet a bare one alone. So a bare one takes the first place and moves what is there into
; the second; an atomic one takes the second, unless a bare one of the moment is there.
define internal void @lane_keep(ptr %records, i64 %now) alwaysinline {
  %second.at = getelementptr i64, ptr %records, i64 1
  %first = load i64, ptr %records
  %second = load i64, ptr %second.at
  %difference = xor i64 %first, %now
  %since = lshr i64 %difference, 30
  %same.moment = icmp eq i64 %since, 0
  br i1 %same.moment, label %again, label %anew
anew:
  call void @lane_keep_earlier(ptr %records, i64 %first)
  store i64 %now, ptr %records
  ret void
again:
  %atomic = and i64 %now, 524288
  %is.bare = icmp eq i64 %atomic, 0
  %who = lshr i64 %difference, 20
  %is.own = icmp eq i64 %who, 0
  br i1 %is.bare, label %bare, label %change
bare:
  %moved = select i1 %is.own, i64 %second, i64 %first
  store i64 %moved, ptr %second.at
  store i64 %now, ptr %records
  ret void
change:
  %second.difference = xor i64 %second, %now
  %second.since = lshr i64 %second.difference, 30
  %second.now = icmp eq i64 %second.since, 0
  %second.atomic = and i64 %second, 524288
  %second.bare = icmp eq i64 %second.atomic, 0
  %taken = and i1 %second.now, %second.bare
  %leave = or i1 %taken, %is.own
  %kept = select i1 %leave, i64 %second, i64 %now
  store i64 %kept, ptr %second.at
  ret void
}

; Keep the first record of a moment that is over for blocks to come, unless the earlier one is of this launch and bare, or
; of another block, which all that this block does is held against.
define internal void @lane_keep_earlier(ptr %records, i64 %over) alwaysinline {
  %earlier.at = getelementptr i64, ptr %records, i64 2
  %earlier = load i64, ptr %earlier.at
  %launch.at = getelementptr %state, ptr @lane_state, i32 0, i32 10
  %launch = load i64, ptr %launch.at
  %block.at = getelementptr %state, ptr @lane_state, i32 0, i32 11
  %block = load i64, ptr %block.at
  %moment = lshr i64 %earlier, 30
  %over.moment = lshr i64 %over, 30
  %recent = icmp uge i64 %moment, %launch
  %others = icmp ult i64 %moment, %block
  %own = icmp uge i64 %over.moment, %block
  %nearer = and i1 %others, %own
  %atomic = and i64 %earlier, 524288
  %bare = icmp eq i64 %atomic, 0
  %better = or i1 %bare, %nearer
  %leave = and i1 %recent, %better
  %kept = select i1 %leave, i64 %earlier, i64 %over
  store i64 %kept, ptr %earlier.at
  ret void
}

define internal i64 @lane_record(i64 %site) alwaysinline {
  %thread.at = getelementptr %state, ptr @lane_state, i32 0, i32 0
  %thread = load i64, ptr %thread.at
  %moment.at = getelementptr %state, ptr @lane_state, i32 0, i32 9
  %moment = load i64, ptr %moment.at
  %when = shl i64 %moment, 30
  %who = shl i64 %thread, 20
  %both = or i64 %when, %who
  %record = or i64 %both, %site
  ret i64 %record
}

; A site of an atomic access, or of one whose line says that no order is needed, has the bit of atomics.
define internal void @lane_read(ptr %place, i64 %site) noinline {
  %cell = call ptr @lane_cell(ptr %place)
  %elsewhere = icmp eq ptr %cell, null
  br i1 %elsewhere, label %end, label %in.data
in.data:
  %number = and i64 %site, 524287
  %at = ptrtoint ptr %place to i64
  %written = load i64, ptr %cell
  switch i64 %written, label %well [ i64 0, label %outside  i64 1, label %unwritten ]
outside:
  call void @lane_fault(i64 4, i64 %number, i64 %at, i64 0)
  unreachable
unwritten:
  call void @lane_fault(i64 5, i64 %number, i64 %at, i64 0)
  unreachable
well:
  %now = call i64 @lane_record(i64 %site)
  call void @lane_hold_against(ptr %cell, i64 %now, ptr %place)
  %reads = getelementptr i64, ptr %cell, i64 3
  call void @lane_keep(ptr %reads, i64 %now)
  ret void
end:
  ret void
}

define internal void @lane_write(ptr %place, i64 %site) noinline {
  %cell = call ptr @lane_cell(ptr %place)
  %elsewhere = icmp eq ptr %cell, null
  br i1 %elsewhere, label %end, label %in.data
in.data:
  %number = and i64 %site, 524287
  %at = ptrtoint ptr %place to i64
  %written = load i64, ptr %cell
  %outside = icmp eq i64 %written, 0
  br i1 %outside, label %wrong, label %well
wrong:
  call void @lane_fault(i64 4, i64 %number, i64 %at, i64 1)
  unreachable
well:
  %now = call i64 @lane_record(i64 %site)
  call void @lane_hold_against(ptr %cell, i64 %now, ptr %place)
  %reads = getelementptr i64, ptr %cell, i64 3
  call void @lane_hold_against(ptr %reads, i64 %now, ptr %place)
  call void @lane_keep(ptr %cell, i64 %now)
  ret void
end:
  ret void
}

; An atomic access reads what it changes.
define internal void @lane_change(ptr %place, i64 %site) noinline {
  %cell = call ptr @lane_cell(ptr %place)
  %elsewhere = icmp eq ptr %cell, null
  br i1 %elsewhere, label %end, label %in.data
in.data:
  %written = load i64, ptr %cell
  %unwritten = icmp eq i64 %written, 1
  br i1 %unwritten, label %wrong, label %end
wrong:
  %number = and i64 %site, 524287
  %at = ptrtoint ptr %place to i64
  call void @lane_fault(i64 5, i64 %number, i64 %at, i64 0)
  unreachable
end:
  call void @lane_write(ptr %place, i64 %site)
  ret void
}

declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

; Nobody has written to the shared memory of a block that begins.
define void @lane_forget_shared() {
  %shadow.at = getelementptr %state, ptr @lane_state, i32 0, i32 26
  %shadow = load ptr, ptr %shadow.at
  %bytes.at = getelementptr %state, ptr @lane_state, i32 0, i32 27
  %bytes = load i64, ptr %bytes.at
  %fresh.at = getelementptr %state, ptr @lane_state, i32 0, i32 28
  %fresh = load ptr, ptr %fresh.at
  call void @llvm.memcpy.p0.p0.i64(ptr %shadow, ptr %fresh, i64 %bytes, i1 false)
  ret void
}

declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

; The place of an array of the thread's own, in which nobody has written.
define ptr @lane_local(i64 %begin, i64 %size, i64 %itemsize) {
entry:
  %thread.at = getelementptr %state, ptr @lane_state, i32 0, i32 0
  %thread = load i64, ptr %thread.at
  %skip = mul i64 %thread, LOCAL_BYTES
  %offset = add i64 %skip, %begin
  %place = getelementptr i8, ptr @lane_locals, i64 %offset
  %cell = call ptr @lane_cell(ptr %place)
  %bytes = mul i64 %size, 48
  call void @llvm.memset.p0.i64(ptr %cell, i8 0, i64 %bytes, i1 false)
  br label %each
each:
  %i = phi i64 [ 0, %entry ], [ %after, %each ]
  %element = getelementptr [6 x i64], ptr %cell, i64 %i
  store i64 1, ptr %element
  %after = add i64 %i, %itemsize
  %more = icmp ult i64 %after, %size
  br i1 %more, label %each, label %end
end:
  ret ptr %place
}
