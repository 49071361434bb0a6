# bash completion for netkit, written by `netkit completion bash`.

# These functions use the variables of _netkit: $cur is the word to complete,
# $prev the one before it, $prefix what of the word is not part of the answer.
_netkit_words()
{
    mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$*" -- "$cur")
}

# -d: directories, -f: files
_netkit_paths()
{
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -P "$prefix" "$1" -- "$cur")
}

_netkit_takes_value()
{
    case $1 in
        --on-eof | \
        --record | \
        --linger | \
        --idle-timeout | \
        --datagram | \
        --exec | \
        --limit-rate | \
        --proxy | \
        --replies | \
        --wait | \
        --connect-timeout | \
        -w | \
        --max-conns | \
        --ready-fd | \
        --allow | \
        --deny | \
        --send-proxy | \
        --backlog | \
        --drain | \
        --dispatcher | \
        --speed | \
        --transform | \
        --prefix | \
        --frame | \
        --max-frame | \
        --delay | \
        --threads | \
        --busy-poll | \
        --root | \
        --404 | \
        --base-path | \
        --cache-control | \
        --header | \
        --max-upload | \
        --chaos | \
        --chaos-seed | \
        --cache | \
        --auth-file | \
        --requests | \
        --for | \
        --header-timeout | \
        --body-timeout | \
        --keepalive-timeout | \
        --send-timeout | \
        --keepalive-requests | \
        --max-target | \
        --max-header | \
        --max-body | \
        --access-log | \
        --log-format | \
        --start | \
        --token-file | \
        --log | \
        --max-line | \
        --drop | \
        --seed | \
        --freeze-after | \
        --rst-after | \
        --execute | \
        -e | \
        --settle | \
        --path | \
        --row | \
        --timeout | \
        --parallel | \
        --ports | \
        --interval | \
        --count | \
        --until | \
        --fail-if | \
        --data | \
        --expect | \
        --method | \
        --probes | \
        --time) return 0 ;;
    esac
    return 1
}

_netkit_connect()
{
    case $prev in
        --on-eof)
            _netkit_words half close keep
            return
            ;;
        --record)
            _netkit_paths -f
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --on-eof \
            --once \
            --hex \
            --record \
            --ipv4 \
            --ipv6 \
            --linger \
            --idle-timeout \
            --send-only \
            --recv-only \
            --crlf \
            --edit \
            --no-edit \
            --datagram \
            --exec \
            --limit-rate \
            --progress \
            --udp \
            --unix \
            --numeric \
            --proxy \
            --replies \
            --telnet \
            --wait \
            --connect-timeout \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_listen()
{
    case $prev in
        --on-eof)
            _netkit_words half close keep
            return
            ;;
        --record)
            _netkit_paths -f
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --on-eof \
            --once \
            --hex \
            --record \
            --ipv4 \
            --ipv6 \
            --linger \
            --idle-timeout \
            --send-only \
            --recv-only \
            --crlf \
            --edit \
            --no-edit \
            --datagram \
            --exec \
            --limit-rate \
            --progress \
            --udp \
            --unix \
            --numeric \
            --keep-open \
            --broker \
            --max-conns \
            --ready-fd \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_relay()
{
    case $prev in
        --send-proxy)
            _netkit_words v1 v2
            return
            ;;
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --accept-proxy \
            --send-proxy \
            --once \
            --backlog \
            --ready-fd \
            --connect-timeout \
            --idle-timeout \
            --drain \
            --max-conns \
            --dispatcher \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_replay()
{
    case $prev in
        --on-eof)
            _netkit_words half close keep
            return
            ;;
        --record)
            _netkit_paths -f
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --on-eof \
            --once \
            --hex \
            --record \
            --ipv4 \
            --ipv6 \
            --linger \
            --idle-timeout \
            --check \
            --fast \
            --speed \
            --wait \
            --connect-timeout \
            --verbose \
            --quiet \
            --json \
            --help
    else
        _netkit_paths -f
    fi
}

_netkit_serve_echo()
{
    case $prev in
        --transform)
            _netkit_words none upper rot13
            return
            ;;
        --frame)
            _netkit_words raw line len32
            return
            ;;
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --transform \
            --prefix \
            --frame \
            --max-frame \
            --delay \
            --public \
            --backlog \
            --reuseport \
            --ready-fd \
            --idle-timeout \
            --drain \
            --max-conns \
            --threads \
            --dispatcher \
            --nodelay \
            --no-nodelay \
            --busy-poll \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_serve_discard()
{
    case $prev in
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --public \
            --backlog \
            --reuseport \
            --ready-fd \
            --idle-timeout \
            --drain \
            --max-conns \
            --threads \
            --dispatcher \
            --nodelay \
            --no-nodelay \
            --busy-poll \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_serve_chargen()
{
    case $prev in
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --public \
            --backlog \
            --reuseport \
            --ready-fd \
            --idle-timeout \
            --drain \
            --max-conns \
            --threads \
            --dispatcher \
            --nodelay \
            --no-nodelay \
            --busy-poll \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_serve_daytime()
{
    case $prev in
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --public \
            --backlog \
            --reuseport \
            --ready-fd \
            --idle-timeout \
            --drain \
            --max-conns \
            --threads \
            --dispatcher \
            --nodelay \
            --no-nodelay \
            --busy-poll \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_serve_time()
{
    case $prev in
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --public \
            --backlog \
            --reuseport \
            --ready-fd \
            --idle-timeout \
            --drain \
            --max-conns \
            --threads \
            --dispatcher \
            --nodelay \
            --no-nodelay \
            --busy-poll \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_serve_http()
{
    case $prev in
        --root)
            _netkit_paths -d
            return
            ;;
        --404)
            _netkit_paths -f
            return
            ;;
        --auth-file)
            _netkit_paths -f
            return
            ;;
        --access-log)
            _netkit_paths -f
            return
            ;;
        --log-format)
            _netkit_words common combined json
            return
            ;;
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --root \
            --dotfiles \
            --follow-symlinks \
            --demo \
            --spa \
            --404 \
            --base-path \
            --cors \
            --isolate \
            --no-cache \
            --cache-control \
            --header \
            --upload \
            --overwrite \
            --max-upload \
            --endpoints \
            --chaos \
            --chaos-seed \
            --compress \
            --cache \
            --auth-file \
            --open \
            --qr \
            --requests \
            --once \
            --for \
            --header-timeout \
            --body-timeout \
            --keepalive-timeout \
            --idle-timeout \
            --send-timeout \
            --keepalive-requests \
            --max-target \
            --max-header \
            --max-body \
            --limit-rate \
            --access-log \
            --log-format \
            --metrics \
            --status \
            --public \
            --backlog \
            --reuseport \
            --ready-fd \
            --drain \
            --max-conns \
            --threads \
            --dispatcher \
            --nodelay \
            --no-nodelay \
            --busy-poll \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_serve_shell()
{
    case $prev in
        --root)
            _netkit_paths -d
            return
            ;;
        --start)
            _netkit_paths -d
            return
            ;;
        --token-file)
            _netkit_paths -f
            return
            ;;
        --log)
            _netkit_paths -f
            return
            ;;
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --root \
            --start \
            --token-file \
            --log \
            --compat \
            --max-line \
            --public \
            --backlog \
            --reuseport \
            --ready-fd \
            --idle-timeout \
            --drain \
            --max-conns \
            --threads \
            --dispatcher \
            --nodelay \
            --no-nodelay \
            --busy-poll \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_serve_keepalive()
{
    case $prev in
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --delay \
            --drop \
            --seed \
            --freeze-after \
            --rst-after \
            --compat \
            --public \
            --backlog \
            --reuseport \
            --ready-fd \
            --idle-timeout \
            --drain \
            --max-conns \
            --threads \
            --dispatcher \
            --nodelay \
            --no-nodelay \
            --busy-poll \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_shell_client()
{
    case $prev in
        --token-file)
            _netkit_paths -f
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --execute \
            --fail-fast \
            --token-file \
            --reconnect \
            --edit \
            --no-edit \
            --compat \
            --ipv4 \
            --ipv6 \
            --connect-timeout \
            --idle-timeout \
            --settle \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_shell_server()
{
    case $prev in
        --root)
            _netkit_paths -d
            return
            ;;
        --start)
            _netkit_paths -d
            return
            ;;
        --token-file)
            _netkit_paths -f
            return
            ;;
        --log)
            _netkit_paths -f
            return
            ;;
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --root \
            --start \
            --token-file \
            --log \
            --compat \
            --max-line \
            --public \
            --backlog \
            --reuseport \
            --ready-fd \
            --idle-timeout \
            --drain \
            --max-conns \
            --threads \
            --dispatcher \
            --nodelay \
            --no-nodelay \
            --busy-poll \
            --allow \
            --deny \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_check_http()
{
    case $prev in
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --path \
            --row \
            --timeout \
            --parallel \
            --dispatcher \
            --verbose \
            --quiet \
            --json \
            --help
    fi
}

_netkit_probe_tcp()
{
    case $prev in
        --until)
            _netkit_words up down
            return
            ;;
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --ports \
            --ipv4 \
            --ipv6 \
            --interval \
            --wait \
            --count \
            --until \
            --fail-if \
            --live \
            --metrics \
            --timeout \
            --quiet \
            --verbose \
            --dispatcher \
            --json \
            --help
    fi
}

_netkit_probe_udp()
{
    case $prev in
        --until)
            _netkit_words up down
            return
            ;;
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --data \
            --hex \
            --ipv4 \
            --ipv6 \
            --interval \
            --wait \
            --count \
            --until \
            --fail-if \
            --live \
            --metrics \
            --timeout \
            --quiet \
            --verbose \
            --dispatcher \
            --json \
            --help
    fi
}

_netkit_probe_unix()
{
    case $prev in
        --until)
            _netkit_words up down
            return
            ;;
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --interval \
            --wait \
            --count \
            --until \
            --fail-if \
            --live \
            --metrics \
            --timeout \
            --quiet \
            --verbose \
            --dispatcher \
            --json \
            --help
    fi
}

_netkit_probe_http()
{
    case $prev in
        --method)
            _netkit_words GET HEAD
            return
            ;;
        --until)
            _netkit_words up down
            return
            ;;
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --expect \
            --method \
            --ipv4 \
            --ipv6 \
            --interval \
            --wait \
            --count \
            --until \
            --fail-if \
            --live \
            --metrics \
            --timeout \
            --quiet \
            --verbose \
            --dispatcher \
            --json \
            --help
    fi
}

_netkit_probe_keepalive()
{
    case $prev in
        --until)
            _netkit_words up down
            return
            ;;
        --dispatcher)
            _netkit_words epoll poll select
            return
            ;;
    esac
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --count \
            --probes \
            --compat \
            --kernel \
            --reconnect \
            --time \
            --interval \
            --until \
            --fail-if \
            --live \
            --metrics \
            --timeout \
            --quiet \
            --verbose \
            --dispatcher \
            --json \
            --help
    fi
}

_netkit_completion()
{
    if _netkit_takes_value "$prev"; then
        return
    elif [[ $cur == -* ]]; then
        _netkit_words \
            --help
    else
        _netkit_words bash zsh fish
    fi
}

_netkit()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local prefix='' name='' word i
    COMPREPLY=()

    # --name=value is three words where '=' breaks words, else one.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $cur == --*=* ]]; then
        prev=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}
    fi

    # The words so far that are neither options nor their values.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == = ]]; then
            ((i++))
        elif [[ $word != -* ]]; then
            name+=${name:+ }$word
        elif [[ ${COMP_WORDS[i + 1]} != = ]] && _netkit_takes_value "$word"; then
            ((i++))
        fi
    done

    case $name in
        '' | help)
            _netkit_words serve shell check probe connect listen relay replay completion help --help --version
            ;;
        serve | 'help serve')
            _netkit_words echo discard chargen daytime time http shell keepalive --help
            ;;
        shell | 'help shell')
            _netkit_words client server --help
            ;;
        check | 'help check')
            _netkit_words http --help
            ;;
        probe | 'help probe')
            _netkit_words tcp udp unix http keepalive --help
            ;;
        'connect' | 'connect '*) _netkit_connect ;;
        'listen' | 'listen '*) _netkit_listen ;;
        'relay' | 'relay '*) _netkit_relay ;;
        'replay' | 'replay '*) _netkit_replay ;;
        'serve echo' | 'serve echo '*) _netkit_serve_echo ;;
        'serve discard' | 'serve discard '*) _netkit_serve_discard ;;
        'serve chargen' | 'serve chargen '*) _netkit_serve_chargen ;;
        'serve daytime' | 'serve daytime '*) _netkit_serve_daytime ;;
        'serve time' | 'serve time '*) _netkit_serve_time ;;
        'serve http' | 'serve http '*) _netkit_serve_http ;;
        'serve shell' | 'serve shell '*) _netkit_serve_shell ;;
        'serve keepalive' | 'serve keepalive '*) _netkit_serve_keepalive ;;
        'shell client' | 'shell client '*) _netkit_shell_client ;;
        'shell server' | 'shell server '*) _netkit_shell_server ;;
        'check http' | 'check http '*) _netkit_check_http ;;
        'probe tcp' | 'probe tcp '*) _netkit_probe_tcp ;;
        'probe udp' | 'probe udp '*) _netkit_probe_udp ;;
        'probe unix' | 'probe unix '*) _netkit_probe_unix ;;
        'probe http' | 'probe http '*) _netkit_probe_http ;;
        'probe keepalive' | 'probe keepalive '*) _netkit_probe_keepalive ;;
        'completion' | 'completion '*) _netkit_completion ;;
    esac
}

complete -F _netkit netkit
