; What runs the threads of a block one after another, each on a stack of its own, until all have ended.
; It is linked to every kernel. %state is State in state.py.

%state = type { i64, i64, i64, i64, ptr, i64, i64, i64, i64, i64, i64, i64, ptr, i64, ptr, ptr, ptr, ptr, i64, ptr, i64, ptr, i64, i64, ptr, i64, ptr, i64, ptr }
; 0 thread   1 threads   2 block   3 blocks
; 4 stack pointer of the scheduler
; 5 fault   6 its site   7, 8 what else is to be said of it
; 9 moment: goes up with every barrier and block   10 the launch's first   11 the block's first
; 12 stacks   13 bytes of each   14 stack pointer of each thread   15 the barrier at which each waits, -1 once it has ended
; 16 order of blocks   17 orders of threads   18 how many of these
; 19 shared memory   20 its bytes
; 21 arguments
; 22 data   23 bytes of it   24 its shadow   25 bytes of data that have a cell for four bytes, the rest has one for each
; 26 shadow of shared memory   27 bytes of that   28 what a block finds in it

@lane_state = external global %state

declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @lane_kernel(ptr)
declare void @lane_forget_shared()

; Go on where the stack pointer %to says, and leave at %from where this one is to go on.
module asm "SWITCH"
declare void @lane_switch(ptr %from, ptr %to)

define internal void @lane_begin() noreturn {
  %arguments.at = getelementptr %state, ptr @lane_state, i32 0, i32 21
  %arguments = load ptr, ptr %arguments.at
  call void @lane_kernel(ptr %arguments)
  call void @lane_wait(i64 -1)
  unreachable
}

; Let the others run until they have come as far. A site is a barrier's place in the source, and -1 the end.
define void @lane_wait(i64 %site) noinline {
  %thread.at = getelementptr %state, ptr @lane_state, i32 0, i32 0
  %thread = load i64, ptr %thread.at
  %waits.at = getelementptr %state, ptr @lane_state, i32 0, i32 15
  %waits = load ptr, ptr %waits.at
  %wait = getelementptr i64, ptr %waits, i64 %thread
  store i64 %site, ptr %wait
  %pointers.at = getelementptr %state, ptr @lane_state, i32 0, i32 14
  %pointers = load ptr, ptr %pointers.at
  %pointer = getelementptr ptr, ptr %pointers, i64 %thread
  %scheduler.at = getelementptr %state, ptr @lane_state, i32 0, i32 4
  %scheduler = load ptr, ptr %scheduler.at
  call void @lane_switch(ptr %pointer, ptr %scheduler)
  ret void
}

; Say what is wrong, and never go on.
define void @lane_fault(i64 %fault, i64 %site, i64 %first, i64 %second) noinline noreturn cold {
  %fault.at = getelementptr %state, ptr @lane_state, i32 0, i32 5
  store i64 %fault, ptr %fault.at
  %site.at = getelementptr %state, ptr @lane_state, i32 0, i32 6
  store i64 %site, ptr %site.at
  %first.at = getelementptr %state, ptr @lane_state, i32 0, i32 7
  store i64 %first, ptr %first.at
  %second.at = getelementptr %state, ptr @lane_state, i32 0, i32 8
  store i64 %second, ptr %second.at
  call void @lane_wait(i64 -1)
  unreachable
}

; All blocks, one after another, until one has a fault.
define void @lane_run() {
entry:
  %fault.at = getelementptr %state, ptr @lane_state, i32 0, i32 5
  %blocks.at = getelementptr %state, ptr @lane_state, i32 0, i32 3
  %blocks = load i64, ptr %blocks.at
  %order.at = getelementptr %state, ptr @lane_state, i32 0, i32 16
  %order = load ptr, ptr %order.at
  %block.at = getelementptr %state, ptr @lane_state, i32 0, i32 2
  %moment.at = getelementptr %state, ptr @lane_state, i32 0, i32 9
  %first.at = getelementptr %state, ptr @lane_state, i32 0, i32 11
  br label %next
next:
  %i = phi i64 [ 0, %entry ], [ %after, %run ]
  %more = icmp ult i64 %i, %blocks
  br i1 %more, label %run, label %end
run:
  %which = getelementptr i64, ptr %order, i64 %i
  %block = load i64, ptr %which
  store i64 %block, ptr %block.at
  %moment = load i64, ptr %moment.at
  %now = add i64 %moment, 1
  store i64 %now, ptr %moment.at
  store i64 %now, ptr %first.at
  call void @lane_run_block()
  %after = add i64 %i, 1
  %fault = load i64, ptr %fault.at
  %well = icmp eq i64 %fault, 0
  br i1 %well, label %next, label %end
end:
  ret void
}

define internal void @lane_prepare_block(i64 %threads) {
entry:
  %shared.at = getelementptr %state, ptr @lane_state, i32 0, i32 19
  %shared = load ptr, ptr %shared.at
  %bytes.at = getelementptr %state, ptr @lane_state, i32 0, i32 20
  %bytes = load i64, ptr %bytes.at
  call void @llvm.memset.p0.i64(ptr %shared, i8 -91, i64 %bytes, i1 false)
  call void @lane_forget_shared()
  %stacks.at = getelementptr %state, ptr @lane_state, i32 0, i32 12
  %stacks = load ptr, ptr %stacks.at
  %size.at = getelementptr %state, ptr @lane_state, i32 0, i32 13
  %size = load i64, ptr %size.at
  %pointers.at = getelementptr %state, ptr @lane_state, i32 0, i32 14
  %pointers = load ptr, ptr %pointers.at
  %waits.at = getelementptr %state, ptr @lane_state, i32 0, i32 15
  %waits = load ptr, ptr %waits.at
  br label %each
each:
  %i = phi i64 [ 0, %entry ], [ %after, %each ]
  %after = add i64 %i, 1
  %bottom = mul i64 %after, %size
  %top = sub i64 %bottom, FRAME
  %pointer = getelementptr i8, ptr %stacks, i64 %top
  call void @llvm.memset.p0.i64(ptr %pointer, i8 0, i64 FRAME, i1 false)
  %return = getelementptr i8, ptr %pointer, i64 RETURN
  store ptr @lane_begin, ptr %return
  %own = getelementptr ptr, ptr %pointers, i64 %i
  store ptr %pointer, ptr %own
  %wait = getelementptr i64, ptr %waits, i64 %i
  store i64 0, ptr %wait
  %more = icmp ult i64 %after, %threads
  br i1 %more, label %each, label %end
end:
  ret void
}

define internal void @lane_run_block() {
entry:
  %threads.at = getelementptr %state, ptr @lane_state, i32 0, i32 1
  %threads = load i64, ptr %threads.at
  call void @lane_prepare_block(i64 %threads)
  %orders.at = getelementptr %state, ptr @lane_state, i32 0, i32 17
  %orders = load ptr, ptr %orders.at
  %kinds.at = getelementptr %state, ptr @lane_state, i32 0, i32 18
  %kinds = load i64, ptr %kinds.at
  %moment.at = getelementptr %state, ptr @lane_state, i32 0, i32 9
  br label %phase
phase:  ; every thread until its next barrier
  %phases = phi i64 [ 0, %entry ], [ %phase.after, %sound ]
  %kind = urem i64 %phases, %kinds
  %skip = mul i64 %kind, %threads
  %order = getelementptr i64, ptr %orders, i64 %skip
  br label %thread
thread:
  %i = phi i64 [ 0, %phase ], [ %after, %went ]
  %site = phi i64 [ 0, %phase ], [ %site.now, %went ]  ; the barrier at which those wait that have run
  %ended = phi i64 [ 0, %phase ], [ %ended.now, %went ]
  %fault = phi i64 [ 0, %phase ], [ %fault.now, %went ]
  %which = getelementptr i64, ptr %order, i64 %i
  %t = load i64, ptr %which
  %where = call i64 @lane_resume(i64 %t)
  %has.ended = icmp eq i64 %where, -1
  %is.first = icmp eq i64 %site, 0
  %differs = icmp ne i64 %where, %site
  %new = select i1 %is.first, i64 %where, i64 %site
  %site.now = select i1 %has.ended, i64 %site, i64 %new
  %one = zext i1 %has.ended to i64
  %ended.now = add i64 %ended, %one
  %not.first = xor i1 %is.first, true
  %other = and i1 %not.first, %differs
  %not.ended = xor i1 %has.ended, true
  %apart = and i1 %other, %not.ended
  %fault.now = select i1 %apart, i64 %where, i64 %fault
  %own = call i64 @lane_fault_now()
  %well = icmp eq i64 %own, 0
  br i1 %well, label %went, label %end
went:
  %after = add i64 %i, 1
  %more = icmp ult i64 %after, %threads
  br i1 %more, label %thread, label %passed
passed:
  %done = icmp eq i64 %ended.now, %threads
  br i1 %done, label %end, label %some
some:
  %same = icmp eq i64 %fault.now, 0
  br i1 %same, label %together, label %divergent
divergent:
  call void @lane_note(i64 1, i64 %site.now, i64 %fault.now, i64 0)
  br label %end
together:
  %all = icmp eq i64 %ended.now, 0
  br i1 %all, label %sound, label %missing
missing:
  call void @lane_note(i64 2, i64 %site.now, i64 %ended.now, i64 0)
  br label %end
sound:
  %phase.after = add i64 %phases, 1
  %moment = load i64, ptr %moment.at
  %later = add i64 %moment, 1
  store i64 %later, ptr %moment.at
  br label %phase
end:
  ret void
}

; Let a thread run, unless it has ended, and say where it waits.
define internal i64 @lane_resume(i64 %thread) {
entry:
  %waits.at = getelementptr %state, ptr @lane_state, i32 0, i32 15
  %waits = load ptr, ptr %waits.at
  %wait = getelementptr i64, ptr %waits, i64 %thread
  %before = load i64, ptr %wait
  %ended = icmp eq i64 %before, -1
  br i1 %ended, label %end, label %go
go:
  %thread.at = getelementptr %state, ptr @lane_state, i32 0, i32 0
  store i64 %thread, ptr %thread.at
  %pointers.at = getelementptr %state, ptr @lane_state, i32 0, i32 14
  %pointers = load ptr, ptr %pointers.at
  %own = getelementptr ptr, ptr %pointers, i64 %thread
  %pointer = load ptr, ptr %own
  %scheduler.at = getelementptr %state, ptr @lane_state, i32 0, i32 4
  call void @lane_switch(ptr %scheduler.at, ptr %pointer)
  %after = load i64, ptr %wait
  ret i64 %after
end:
  ret i64 -1
}

define internal i64 @lane_fault_now() {
  %fault.at = getelementptr %state, ptr @lane_state, i32 0, i32 5
  %fault = load i64, ptr %fault.at
  ret i64 %fault
}

define internal void @lane_note(i64 %fault, i64 %site, i64 %first, i64 %second) {
  %fault.at = getelementptr %state, ptr @lane_state, i32 0, i32 5
  store i64 %fault, ptr %fault.at
  %site.at = getelementptr %state, ptr @lane_state, i32 0, i32 6
  store i64 %site, ptr %site.at
  %first.at = getelementptr %state, ptr @lane_state, i32 0, i32 7
  store i64 %first, ptr %first.at
  %second.at = getelementptr %state, ptr @lane_state, i32 0, i32 8
  store i64 %second, ptr %second.at
  ret void
}
