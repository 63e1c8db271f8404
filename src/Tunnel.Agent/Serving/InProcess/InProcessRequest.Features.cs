using System.Collections;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>The feature collection: the request's own features, and those that hosting and middleware set.</summary>
internal abstract partial class InProcessRequest : IFeatureCollection, IEndpointFeature, IRouteValuesFeature
{
    private static readonly FrozenSet<Type> Common = new[]
    {
        typeof(IHttpRequestFeature), typeof(IHttpRequestBodyDetectionFeature), typeof(IHttpRequestIdentifierFeature),
        typeof(IHttpRequestLifetimeFeature), typeof(IHttpRequestTrailersFeature), typeof(IRequestBodyPipeFeature),
        typeof(IHttpMaxRequestBodySizeFeature), typeof(IHttpConnectionFeature), typeof(IHttpResponseFeature),
        typeof(IHttpResponseBodyFeature), typeof(IHttpUpgradeFeature), typeof(IHttpBodyControlFeature),
        typeof(IHttpMinRequestBodyDataRateFeature), typeof(IEndpointFeature), typeof(IRouteValuesFeature),
    }.ToFrozenSet();

    // As on Kestrel: apps find out by these whether a visitor gets trailers, and whether a request is one of many on its connection.
    private static readonly FrozenSet<Type> OnHttp1 = Common.Append(typeof(IHttpMinResponseDataRateFeature)).ToFrozenSet();
    private static readonly FrozenSet<Type> OnHttp2 =
        Common.Append(typeof(IHttpResponseTrailersFeature)).Append(typeof(IHttpResetFeature)).ToFrozenSet();

    /// <summary>Set by others, or set over our own; <see langword="null"/> stands for one of ours that was removed.</summary>
    private readonly Dictionary<Type, object?> _features = [];
    private FrozenSet<Type> _own = OnHttp1;
    private int _revision;

    private RouteValueDictionary? _routeValues;

    /// <summary>Routing's, kept here as Kestrel does: a feature object less for each request.</summary>
    Endpoint? IEndpointFeature.Endpoint { get; set; }

    RouteValueDictionary IRouteValuesFeature.RouteValues
    {
        get => _routeValues ??= [];
        set => _routeValues = value;
    }

    bool IFeatureCollection.IsReadOnly => false;

    int IFeatureCollection.Revision => _revision;

    object? IFeatureCollection.this[Type key]
    {
        get => Find(key);
        set => Replace(key, value);
    }

    [return: MaybeNull]
    TFeature IFeatureCollection.Get<TFeature>() => (TFeature?)Find(typeof(TFeature));

    void IFeatureCollection.Set<TFeature>(TFeature? instance)
        where TFeature : default => Replace(typeof(TFeature), instance);

    IEnumerator<KeyValuePair<Type, object>> IEnumerable<KeyValuePair<Type, object>>.GetEnumerator() => Enumerate().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => Enumerate().GetEnumerator();

    private void EndFeatures()
    {
        _features.Clear();
        _routeValues = null;
        ((IEndpointFeature)this).Endpoint = null;
    }

    private object? Find(Type key) => _features.TryGetValue(key, out var set) ? set
        : _own.Contains(key) ? this
        : null;

    private void Replace(Type key, object? value)
    {
        _revision++;
        if (value is null && !_own.Contains(key))
        {
            _features.Remove(key);
        }
        else
        {
            _features[key] = value;
        }
    }

    private IEnumerable<KeyValuePair<Type, object>> Enumerate()
    {
        foreach (var key in _own)
        {
            if (Find(key) is { } feature)
            {
                yield return KeyValuePair.Create(key, feature);
            }
        }

        foreach (var (key, feature) in _features)
        {
            if (feature is not null && !_own.Contains(key))
            {
                yield return KeyValuePair.Create(key, feature);
            }
        }
    }
}
