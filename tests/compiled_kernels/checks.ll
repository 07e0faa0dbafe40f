; What the checked build does at every index and every access of memory.
;
; Each place of the data has a cell of four records: the last write, an earlier one, the last read, an earlier one. A
; record is site + (atomic << 19) + (thread << 20) + (moment << 30). The first of them is 0 where there is no array, 1
; where nobody has written, 2 where the host has.

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
  %found = getelementptr [4 x i64], ptr %shadow, i64 %cell
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
  %site = and i64 %now, 524287
  %at = ptrtoint ptr %place to i64
  %one = load i64, ptr %records
  %a = call i1 @lane_clash(i64 %one, i64 %now)
  br i1 %a, label %first, label %next
first:
  call void @lane_fault(i64 6, i64 %site, i64 %at, i64 %one)
  unreachable
next:
  %earlier.at = getelementptr i64, ptr %records, i64 1
  %earlier = load i64, ptr %earlier.at
  %b = call i1 @lane_clash(i64 %earlier, i64 %now)
  br i1 %b, label %second, label %well
second:
  call void @lane_fault(i64 6, i64 %site, i64 %at, i64 %earlier)
  unreachable
well:
  ret void
}

; Keep a record: in place of the thread's own of this moment, unless that was bare and this is atomic; else the last one
; becomes the earlier one, unless that is another block's, which is held against all that this block does.
define internal void @lane_keep(ptr %records, i64 %now) alwaysinline {
  %last = load i64, ptr %records
  %difference = xor i64 %last, %now
  %who = lshr i64 %difference, 20
  %own = icmp eq i64 %who, 0
  br i1 %own, label %again, label %new
again:
  %bare = and i64 %last, 524288
  %was.bare = icmp eq i64 %bare, 0
  %kept = select i1 %was.bare, i64 %last, i64 %now
  store i64 %kept, ptr %records
  ret void
new:
  %earlier.at = getelementptr i64, ptr %records, i64 1
  %earlier = load i64, ptr %earlier.at
  %moment = lshr i64 %earlier, 30
  %launch.at = getelementptr %state, ptr @lane_state, i32 0, i32 10
  %launch = load i64, ptr %launch.at
  %first.at = getelementptr %state, ptr @lane_state, i32 0, i32 11
  %first = load i64, ptr %first.at
  %recent = icmp uge i64 %moment, %launch
  %before = icmp ult i64 %moment, %first
  %other = and i1 %recent, %before
  %second = select i1 %other, i64 %earlier, i64 %last
  store i64 %second, ptr %earlier.at
  store i64 %now, ptr %records
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
  %reads = getelementptr i64, ptr %cell, i64 2
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
  %reads = getelementptr i64, ptr %cell, i64 2
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
