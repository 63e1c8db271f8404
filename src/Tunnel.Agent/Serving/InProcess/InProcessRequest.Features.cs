using System.Collections;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.Features;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>The feature collection: the request's own features, and those that hosting and middleware set.</summary>
internal abstract partial class InProcessRequest : IFeatureCollection
{
    private static readonly FrozenSet<Type> Own = new[]
    {
        typeof(IHttpRequestFeature), typeof(IHttpRequestBodyDetectionFeature), typeof(IHttpRequestIdentifierFeature),
        typeof(IHttpRequestLifetimeFeature), typeof(IHttpRequestTrailersFeature), typeof(IRequestBodyPipeFeature),
        typeof(IHttpMaxRequestBodySizeFeature), typeof(IHttpConnectionFeature), typeof(IHttpResponseFeature),
        typeof(IHttpResponseBodyFeature), typeof(IHttpResponseTrailersFeature), typeof(IHttpResetFeature),
        typeof(IHttpUpgradeFeature), typeof(IHttpBodyControlFeature),
    }.ToFrozenSet();

    /// <summary>Set by others, or set over our own; <see langword="null"/> stands for one of ours that was removed.</summary>
    private readonly Dictionary<Type, object?> _features = [];
    private int _revision;

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

    private object? Find(Type key) => _features.TryGetValue(key, out var set) ? set
        : Own.Contains(key) ? this
        : null;

    private void Replace(Type key, object? value)
    {
        _revision++;
        if (value is null && !Own.Contains(key))
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
        foreach (var key in Own)
        {
            if (Find(key) is { } feature)
            {
                yield return KeyValuePair.Create(key, feature);
            }
        }

        foreach (var (key, feature) in _features)
        {
            if (feature is not null && !Own.Contains(key))
            {
                yield return KeyValuePair.Create(key, feature);
            }
        }
    }
}
