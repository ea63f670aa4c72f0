/**
 * Huey: a small, typed task queue for Deno, Bun and Node that does not lose work.
 *
 * A function becomes a task, a call becomes a message, a consumer runs it, a handle reads the result:
 *
 * ```ts
 * import { Consumer, MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey();
 * const add = huey.task("add", (a: number, b: number) => a + b);
 *
 * await using consumer = new Consumer(huey);
 * await consumer.start(); // in production: `bun consumer.ts app.ts`
 *
 * const result = await add(1, 2); // enqueued, not run
 * console.log(await result.get({ blocking: true })); // 3
 * ```
 *
 * With `SqliteHuey`, `RedisHuey` or `FileHuey` instead, the consumer is a process of its own.
 *
 * @module
 */

import "./lib/primitives/support.ts";

// The queue, and its storages
export { Huey } from "./lib/huey/huey.ts";
export type { StorageSource } from "./lib/huey/internals.ts";
export { BlackHoleHuey, MemoryHuey } from "./storage/memory/huey.ts";
export { SqliteHuey } from "./storage/sqlite/huey.ts";
export { PriorityRedisExpireHuey, PriorityRedisHuey, RedisExpireHuey, RedisHuey } from "./storage/redis/huey.ts";
export { FileHuey } from "./storage/file/huey.ts";
export {
  BlackHoleStorage,
  FileStorage,
  MemoryStorage,
  PriorityRedisExpireStorage,
  PriorityRedisStorage,
  RedisExpireStorage,
  RedisStorage,
  SqliteStorage,
  type StorageClass,
  type StorageOptions,
} from "./storage/public.ts";
export { BaseKeyValue } from "./storage/key_value.ts";
export type { FileOptions } from "./storage/file/options.ts";
export type { RedisExpireOptions, RedisOptions } from "./storage/redis/options.ts";
export type { SqliteOptions } from "./storage/sqlite/options.ts";
export type * from "./lib/storage.ts";
export type { Clock, Timer, TimerOptions } from "./lib/primitives/clock.ts";

// The consumer
export { Consumer, type ConsumerEvent, type ConsumerOptions, type StopOptions, type WorkerType } from "./consumer/consumer.ts";

// Lines of tasks
export { keepTaskLines } from "./lib/attempt/lines.ts";

// Putting tasks together
export { chord, group } from "./lib/composition/group.ts";
export { spread } from "./lib/serializer/spread.ts";

// When periodic tasks run
export { type CronFields, type CronOptions, type CronSchedule, type Crontab, crontab } from "./lib/periodic/crontab.ts";
export { every, type IntervalSchedule } from "./lib/periodic/every.ts";

// Serializers
export { Serializer } from "./lib/serializer/serializer.ts";
export { SignedSerializer, type SigningOptions } from "./lib/serializer/signed.ts";

// Errors
export {
  CancelExecution,
  ConfigurationError,
  DecodeError,
  HueyException,
  RateLimitExceeded,
  ResultTimeout,
  RetryTask,
  type RetryTaskOptions,
  StorageError,
  type TaskErrorMetadata,
  TaskException,
  TaskLockedException,
  TaskTimeout,
  UnknownTaskError,
  WorkerLostError,
} from "./lib/errors.ts";

// Signals and hooks
export {
  SIGNAL_BLOCKED,
  SIGNAL_CANCELED,
  SIGNAL_COMPLETE,
  SIGNAL_ENQUEUED,
  SIGNAL_ERROR,
  SIGNAL_EXECUTING,
  SIGNAL_EXPIRED,
  SIGNAL_INTERRUPTED,
  SIGNAL_LOCKED,
  SIGNAL_RATE_LIMITED,
  SIGNAL_RECOVERED,
  SIGNAL_RETRYING,
  SIGNAL_REVOKED,
  SIGNAL_SCHEDULED,
  SIGNAL_TIMEOUT,
  type SignalErrors,
  type SignalHandler,
  type SignalName,
} from "./lib/observe/signals.ts";
export type { PostExecuteHook, PreExecuteHook, RegisterHook, WorkerHook } from "./lib/observe/hooks.ts";

// Types
export type { Duration, DurationParts, Instant } from "./lib/primitives/time.ts";
export type {
  AnyArguments,
  carriedItems,
  carriedValue,
  Carry,
  CarryPlain,
  Checked,
  Given,
  GivenBefore,
  IsAny,
  Last,
  LeadingRest,
  NeverStored,
  Spread,
  Stored,
  StoredAll,
  Unstorable,
} from "./lib/types/values.ts";
export type {
  AsArgument,
  ConcurrencyOptions,
  ContextFn,
  ContextTaskOptions,
  DefineClosingTask,
  DefineContextTask,
  DefinePeriodicTask,
  DefineTask,
  Delivery,
  EnterExit,
  Fn,
  NoArgument,
  OpenClose,
  OptionsFor,
  PeriodicTaskOptions,
  Plain,
  Resource,
  ResourceFn,
  ResourceValue,
  Schedule,
  TaskOptions,
  UniqueOptions,
  WithContext,
} from "./lib/types/definition.ts";
export type {
  CallOptions,
  MapItem,
  RegisteredTask,
  Remote,
  RemoteTask,
  RevokeOptions,
  ScheduleOptions,
  TaskCall,
  TaskInfo,
  TaskWrapper,
  When,
} from "./lib/types/calling.ts";
export type {
  Callable,
  Chord,
  Group,
  GroupValue,
  GroupValues,
  HandleOf,
  Member,
  MemberValue,
  MemberValues,
  Pipeline,
  StagesOf,
  Step,
  StepGiven,
  Task,
} from "./lib/types/composition.ts";
export type {
  BlockingGetOptions,
  ChordResult,
  GetOptions,
  Handle,
  RescheduleOptions,
  Result,
  ResultGroup,
  ResultOptions,
  TaskState,
  TaskStatus,
} from "./lib/types/results.ts";
export type { RecentTask, Stats, StatsCounts, StatsOptions, StatsRow, StatsTimes } from "./lib/types/statistics.ts";
export type { TaskContext } from "./lib/types/context.ts";
export type { HeldLock, LockOptions, RateLimit, RateLimitOptions, TaskLock } from "./lib/types/limits.ts";
export type {
  ConsumerInfo,
  DeadLetter,
  DeadLetterFilter,
  PauseOptions,
  PeriodicInfo,
  RunningTask,
} from "./lib/types/operating.ts";
export type { DeadLetterError, LogTapeLine, PastAttempt, TaskLine } from "./lib/types/history.ts";
export type { FlushOptions, HueyOptions, Logger, Place, SerializerLike, SerializerOptions } from "./lib/types/options.ts";
