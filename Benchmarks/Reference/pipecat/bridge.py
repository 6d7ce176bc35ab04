"""The peer in Pipecat: a phone agent as its documentation builds one, with its own Twilio serializer, its own websocket
transport and its own service for OpenAI's realtime model. One process, one core, as many calls as come.

    python bridge.py --port P --model-port M [--vad none|silero]     (environment: Benchmarks/Reference/pipecat/environment)

Audio goes 8 -> 24 kHz to the model and back, and leaves in frames of 20 ms. Metrics, tracing, turn tracking, RTVI and the
idle watch are off: what is left is what it takes to carry a call. Logs are errors only.
"""

import argparse
import json
import sys

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.frames.frames import LLMContextFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

application = FastAPI()
options = argparse.Namespace()


def pipeline_of(transport):
    format = events.PCMAudioFormat()
    properties = events.SessionProperties(
        audio=events.AudioConfiguration(
            input=events.AudioInput(format=format, turn_detection=False), output=events.AudioOutput(format=format)
        )
    )
    model = OpenAIRealtimeLLMService(
        api_key="compare",
        base_url=f"ws://127.0.0.1:{options.model_port}/v1/realtime",
        settings=OpenAIRealtimeLLMService.Settings(session_properties=properties),
    )
    stages = [transport.input()]
    if options.vad == "silero":
        from pipecat.audio.vad.silero import SileroVADAnalyzer
        from pipecat.processors.audio.vad_processor import VADProcessor

        stages.append(VADProcessor(vad_analyzer=SileroVADAnalyzer()))
    return Pipeline([*stages, model, transport.output()])


@application.websocket("/stream")
async def stream(websocket: WebSocket):
    await websocket.accept()
    start = None
    while start is None:
        message = json.loads(await websocket.receive_text())
        start = message.get("start") if message["event"] == "start" else None
    serializer = TwilioFrameSerializer(
        stream_sid=start["streamSid"], params=TwilioFrameSerializer.InputParams(auto_hang_up=False)
    )
    transport = FastAPIWebsocketTransport(
        websocket=websocket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, audio_out_10ms_chunks=2, serializer=serializer
        ),
    )
    worker = PipelineWorker(
        pipeline_of(transport),
        params=PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000),
        enable_rtvi=False,
        enable_turn_tracking=False,
        cancel_on_idle_timeout=False,
        check_dangling_tasks=False,
        idle_timeout_secs=None,
    )

    @transport.event_handler("on_client_disconnected")
    async def gone(_transport, _client):
        await worker.cancel()

    await worker.queue_frames([LLMContextFrame(LLMContext([{"role": "user", "content": "Speak."}]))])
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


def port(text):
    number = int(text)
    if not 1 <= number <= 65535:
        raise ValueError
    return number


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=port, required=True)
    parser.add_argument("--model-port", type=port, required=True)
    parser.add_argument("--vad", choices=["none", "silero"], default="none")
    parser.parse_args(namespace=options)
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    uvicorn.run(application, host="127.0.0.1", port=options.port, log_level="error", ws="websockets", ws_ping_interval=None)
