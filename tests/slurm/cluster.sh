# A Slurm cluster of one node on the loopback, without systemd, in a folder of its own. To be sourced:
#   cluster_start FOLDER    starts it and sets SLURM_CONF
#   cluster_stop FOLDER     stops its daemons, by the process numbers they left there

cluster_start() {
    local folder=$1 host user port
    host=$(hostname -s)
    user=$(id -un)
    port=$((20000 + $$ % 20000))
    export PATH=$PATH:/usr/sbin:/sbin
    mkdir -p "$folder"/{state,spool,munge}
    chmod 755 "$folder" "$folder/munge"
    head -c 1024 /dev/urandom > "$folder/munge/key"
    chmod 400 "$folder/munge/key"
    munged --force --key-file "$folder/munge/key" --socket "$folder/munge/socket" \
        --pid-file "$folder/munge.pid" --log-file "$folder/munge/log" --seed-file "$folder/munge/seed"
    cat > "$folder/slurm.conf" << END
ClusterName=local
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
CommunicationParameters=NoInAddrAny
NodeName=$host NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=60 State=UP
END
    export SLURM_CONF=$folder/slurm.conf
    slurmctld
    sleep 1
    slurmd -N "$host"
    for ((try = 0; try < 100; try++)); do
        if sinfo --noheader --format=%T 2> /dev/null | grep -q idle; then return 0; fi
        sleep 0.2
    done
    echo "the cluster did not come up:"
    tail -5 "$folder"/*.log
    return 1
}

cluster_stop() {
    local pid
    for name in slurmd slurmctld munge; do
        pid=$(cat "$1/$name.pid" 2> /dev/null) || continue
        kill "$pid" 2> /dev/null || continue
        for ((try = 0; try < 50; try++)); do
            kill -0 "$pid" 2> /dev/null || break
            sleep 0.1
        done
    done
}
