using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Oracle;

/// <summary>
/// Kestrel's own socket transport with a notebook. It binds for real; where the kernel says no, it
/// notes why and pretends it went well, so that Kestrel goes on and names every address it wants.
/// A listener answers with the endpoint that was asked for: port 0 stays 0.
/// </summary>
sealed class RecordingTransport(ILoggerFactory logs, IOptions<SocketTransportOptions> options)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    readonly SocketTransportFactory _sockets = new(options, logs);

    public bool InUse { get; private set; }
    public bool Unavailable { get; private set; }

    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancel)
    {
        try
        {
            return new Listener(endpoint, await _sockets.BindAsync(endpoint, cancel));
        }
        catch (AddressInUseException)
        {
            InUse = true;
        }
        catch (SocketException)
        {
            Unavailable = true;
        }
        return new Listener(endpoint, null);
    }

    sealed class Listener(EndPoint wanted, IConnectionListener? real) : IConnectionListener
    {
        readonly TaskCompletionSource<ConnectionContext?> _never = new();

        public EndPoint EndPoint => wanted;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancel) =>
            real?.AcceptAsync(cancel) ?? new(_never.Task);

        public ValueTask UnbindAsync(CancellationToken cancel)
        {
            _never.TrySetResult(null);
            return real?.UnbindAsync(cancel) ?? default;
        }

        public ValueTask DisposeAsync() => real?.DisposeAsync() ?? default;
    }
}
