using Containerd.Client.Grpc;
using Containerd.Protocol.Tasks;
using Google.Protobuf.Reflection;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Containerd.Client;

/// <summary>The RPCs of containerd.services.tasks.v1.Tasks.</summary>
internal static class TaskMethods
{
    private static readonly ServiceDescriptor s_service = TasksReflection.Descriptor.Services[0];

    public static readonly Method<CreateTaskRequest, CreateTaskResponse> Create = Method.From<CreateTaskRequest, CreateTaskResponse>(s_service, "Create");
    public static readonly Method<StartRequest, StartResponse> Start = Method.From<StartRequest, StartResponse>(s_service, "Start");
    public static readonly Method<DeleteTaskRequest, DeleteResponse> Delete = Method.From<DeleteTaskRequest, DeleteResponse>(s_service, "Delete");
    public static readonly Method<DeleteProcessRequest, DeleteResponse> DeleteProcess = Method.From<DeleteProcessRequest, DeleteResponse>(s_service, "DeleteProcess");
    public static readonly Method<GetRequest, GetResponse> Get = Method.From<GetRequest, GetResponse>(s_service, "Get");
    public static readonly Method<ListTasksRequest, ListTasksResponse> List = Method.From<ListTasksRequest, ListTasksResponse>(s_service, "List");
    public static readonly Method<KillRequest, Empty> Kill = Method.From<KillRequest, Empty>(s_service, "Kill");
    public static readonly Method<ExecProcessRequest, Empty> Exec = Method.From<ExecProcessRequest, Empty>(s_service, "Exec");
    public static readonly Method<CloseIORequest, Empty> CloseIO = Method.From<CloseIORequest, Empty>(s_service, "CloseIO");
    public static readonly Method<WaitRequest, WaitResponse> Wait = Method.From<WaitRequest, WaitResponse>(s_service, "Wait");
    public static readonly Method<PauseTaskRequest, Empty> Pause = Method.From<PauseTaskRequest, Empty>(s_service, "Pause");
    public static readonly Method<ResumeTaskRequest, Empty> Resume = Method.From<ResumeTaskRequest, Empty>(s_service, "Resume");
    public static readonly Method<CheckpointTaskRequest, CheckpointTaskResponse> Checkpoint = Method.From<CheckpointTaskRequest, CheckpointTaskResponse>(s_service, "Checkpoint");
    public static readonly Method<ResizePtyRequest, Empty> ResizePty = Method.From<ResizePtyRequest, Empty>(s_service, "ResizePty");
    public static readonly Method<ListPidsRequest, ListPidsResponse> ListPids = Method.From<ListPidsRequest, ListPidsResponse>(s_service, "ListPids");
    public static readonly Method<UpdateTaskRequest, Empty> Update = Method.From<UpdateTaskRequest, Empty>(s_service, "Update");
    public static readonly Method<MetricsRequest, MetricsResponse> Metrics = Method.From<MetricsRequest, MetricsResponse>(s_service, "Metrics");
}
